import { hostileDocuments } from "../load/hostile-documents.ts";
import { usualObjects } from "../servers/roster.ts";
import type { BenchCase, CaseName } from "./case.ts";

/** Longest that one request may hold up all others, in CPU time of the event loop's thread. */
const mostTurnMs = 50;

/**
 * What holds the loop up does so each time; a collection of garbage, a compiler at work, or another
 * program that takes caches and half a core does not.
 */
const mostTries = 10;

/**
 * The longest turn of the event loop through documents that are made to hold it up; one start is one
 * window, since who attacks does not wait until all is compiled. More than 50 ms is a fault, and so
 * is a document that is taken.
 */
export function createHostileCase(options: CaseName): BenchCase {
	return {
		...options,
		startsAnew: true,
		async prepare(spec, { payload, faults, start }) {
			const stored = payload(usualObjects);
			const documents = hostileDocuments();
			return {
				async run() {
					const server = await start(spec, stored);
					const isOurs = !spec.name.startsWith("before");
					let turn = 0;
					try {
						await server.longestTurnMs();
						for (const { what, method, type, body } of documents) {
							const url = new URL(`/novasphere.v1.WukongService/${method}`, server.http1);
							const headers = { "content-type": type, "content-encoding": "gzip" };
							let status = 0;
							let turnMs = Number.POSITIVE_INFINITY;
							for (let tries = 0; tries < mostTries && turnMs > mostTurnMs; tries++) {
								const answer = await fetch(url, { method: "POST", headers, body });
								await answer.arrayBuffer();
								status = answer.status;
								turnMs = Math.min(turnMs, await server.longestTurnMs());
							}
							turn = Math.max(turn, turnMs);
							if (!isOurs) continue;
							const about = `${options.title}, ${type}, ${what}`;
							if (turnMs > mostTurnMs) faults.add(`${about}: a turn took ${turnMs.toFixed(0)} ms`);
							if (status < 400 || status >= 500) faults.add(`${about}: answered with ${status}`);
						}
						return { turn };
					} finally {
						await server.stop();
					}
				},
				async close() {},
			};
		},
	};
}
