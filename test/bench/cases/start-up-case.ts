import { GetWukongResponseSchema } from "@novasphere/wukong-gen/wukong-service";
import { createHttp1Caller, jsonPosts } from "../load/http1-caller.ts";
import { decode } from "../payload/form.ts";
import { usualObjects } from "../servers/roster.ts";
import type { BenchCase, CaseName } from "./case.ts";
import { getCall } from "./unary-call.ts";

/** From the start of the process to its first right answer; one start is one window. */
export function createStartUpCase(options: CaseName): BenchCase {
	return {
		...options,
		startsAnew: true,
		async prepare(spec, { payload, faults, start }) {
			const stored = payload(usualObjects);
			const call = getCall(stored, "json");
			// A store that fills itself gives its VMs ids and times of its own.
			const isRight = (answer: Uint8Array) =>
				decode(GetWukongResponseSchema, answer, "json").wukong?.name === stored.get.wukong?.name;
			return {
				async run() {
					const startedMs = performance.now();
					const server = await start(spec, stored);
					const caller = createHttp1Caller(server.http1, jsonPosts(server.http1, call));
					try {
						const { ok, status, body } = await caller.call();
						const clock = performance.now() - startedMs;
						const right = ok && isRight(Buffer.concat(body));
						if (!right) {
							faults.add(`${options.title}, ${spec.name}: ${ok ? "wrong content" : status}`);
						}
						return { clock, cpu: await server.cpuMs() };
					} finally {
						caller.close();
						await server.stop();
					}
				},
				async close() {},
			};
		},
	};
}
