import { createTally } from "../load/tally.ts";
import { createWatches, type WatchWire } from "../load/watches.ts";
import { usualObjects } from "../servers/roster.ts";
import type { BenchCase, CaseName } from "./case.ts";

const bytesPerKiB = 1_024;

/**
 * What a server's memory grows by with each stream that waits; one start is one window. As many
 * streams are open before: while the first ones open, code is compiled and V8 makes room for what
 * is young, which costs a process some megabytes once, however many streams follow.
 */
export function createMemoryCase(
	options: CaseName & { readonly wire: WatchWire; readonly streams: number },
): BenchCase {
	const { title, wire, streams } = options;
	return {
		...options,
		startsAnew: true,
		async prepare(spec, setting) {
			const payload = setting.payload(usualObjects);
			const onFault = (text: string) => setting.faults.add(`${title}, ${spec.name}: ${text}`);
			return {
				async run() {
					const server = await setting.start(spec, payload);
					const tally = createTally();
					const watches = createWatches({ server, wire, payload, tally, onFault });
					try {
						await watches.open(streams);
						const before = await server.memory();
						await watches.open(streams);
						const after = await server.memory();
						const perStream = (bytes: number) => bytes / streams / bytesPerKiB;
						return {
							rss: perStream(after.rssBytes - before.rssBytes),
							heap: perStream(after.heapBytes - before.heapBytes),
						};
					} finally {
						watches.close();
						await server.stop();
					}
				},
				async close() {},
			};
		},
	};
}
