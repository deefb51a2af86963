import {
	CreateWukongRequestSchema,
	CreateWukongResponseSchema,
	StartWukongRequestSchema,
	StartWukongResponseSchema,
	StopWukongRequestSchema,
	StopWukongResponseSchema,
	UpdateWukongRequestSchema,
	UpdateWukongResponseSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { createHttp1Caller } from "../load/http1-caller.ts";
import { http1Post } from "../load/http1-post.ts";
import { changeLabels } from "../payload/change-label.ts";
import { decode, encode } from "../payload/form.ts";
import type { Payload } from "../payload/payload.ts";
import { procedure } from "../payload/procedure.ts";
import { usualObjects } from "../servers/roster.ts";
import type { BenchCase, CaseName } from "./case.ts";
import { measureRate } from "./rate.ts";

/** Writes that are under way at any time: a store may commit them together. */
const concurrency = 16;
/** Of so many answers one is decoded. */
const sampleEvery = 16;

/** One write of an endless row, each with effects of its own. */
export interface Write {
	readonly path: string;
	readonly request: Uint8Array;
	/** Whether the answer says that this very write was done. */
	isRight(answer: Uint8Array): boolean;
}

/** Makes the write with this number, from 0. */
export type MakeWrite = (turn: number, payload: Payload) => Write;

const namespace = "default";

/** Creates a VM under a new name. */
export const createWrite: MakeWrite = (turn) => {
	const name = `bench-${turn}`;
	const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "10Gi", boot: true }] };
	return {
		path: procedure("CreateWukong"),
		request: encode(CreateWukongRequestSchema, { wukong: { namespace, name, spec } }, "json"),
		isRight: (answer) => decode(CreateWukongResponseSchema, answer, "json").wukong?.name === name,
	};
};

/** Changes a label of each VM in turn. */
export const updateWrite: MakeWrite = (turn, { list }) => {
	const labels = changeLabels(turn);
	const name = list.wukongs[turn % list.wukongs.length]?.name ?? "";
	return {
		path: procedure("UpdateWukong"),
		request: encode(
			UpdateWukongRequestSchema,
			{ wukong: { namespace, name, labels }, updateMask: { paths: ["labels"] } },
			"json",
		),
		isRight: (answer) =>
			decode(UpdateWukongResponseSchema, answer, "json").wukong?.labels.bench === labels.bench,
	};
};

/** Stops each VM in turn; the next time round it is started. */
export const powerWrite: MakeWrite = (turn, { list }) => {
	const { length } = list.wukongs;
	const name = list.wukongs[turn % length]?.name ?? "";
	const stops = Math.floor(turn / length) % 2 === 0;
	return stops
		? {
				path: procedure("StopWukong"),
				request: encode(StopWukongRequestSchema, { namespace, name }, "json"),
				isRight: (answer) => decode(StopWukongResponseSchema, answer, "json").changed,
			}
		: {
				path: procedure("StartWukong"),
				request: encode(StartWukongRequestSchema, { namespace, name }, "json"),
				isRight: (answer) => decode(StartWukongResponseSchema, answer, "json").changed,
			};
};

/** As many writes as the server answers, a fixed number at a time, over HTTP/1.1 in JSON. */
export function createWriteCase(options: CaseName & { readonly write: MakeWrite }): BenchCase {
	const { title, write } = options;
	return {
		...options,
		async prepare(spec, { payload, faults, start }) {
			const stored = payload(usualObjects);
			const server = await start(spec, stored);
			const name = `${title}, ${spec.name}`;
			const callers = Array.from({ length: concurrency }, () => createHttp1Caller(server.http1));
			let turn = 0;
			let right = 0;

			const writeUntil = async (caller: (typeof callers)[0], endMs: number) => {
				do {
					const place = turn++;
					const { path, request, isRight } = write(place, stored);
					const contentType = "application/json";
					const { http1 } = server;
					try {
						const { ok, status, body } = await caller.send(
							http1Post({ server: http1, path, contentType, body: request }),
						);
						const sampled = place % sampleEvery === 0;
						if (!ok) faults.add(`${name}: ${status}`);
						else if (sampled && !isRight(Buffer.concat(body))) faults.add(`${name}: wrong content`);
						else right++;
					} catch (error) {
						faults.add(`${name}: ${(error as Error).message}`);
						return;
					}
				} while (performance.now() < endMs);
			};
			return {
				run: (windowMs) =>
					measureRate(server, async () => {
						const before = right;
						const endMs = performance.now() + windowMs;
						await Promise.all(callers.map((caller) => writeUntil(caller, endMs)));
						return right - before;
					}),
				async close() {
					for (const caller of callers) caller.close();
					await server.stop();
				},
			};
		},
	};
}
