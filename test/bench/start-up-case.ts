import type { BenchCase } from "./case.ts";
import { createHttp1Caller } from "./http1-caller.ts";
import { getCall } from "./unary-call.ts";

/** From the start of the process to its first right answer; one start is one window. */
export function createStartUpCase(): BenchCase {
	const title = "Start-up";
	return {
		id: "start-up",
		title,
		unit: "starts",
		async prepare(spec, { payload, faults, start }) {
			const call = getCall(payload, "json");
			return {
				async run() {
					const startedMs = performance.now();
					const server = await start(spec);
					const caller = createHttp1Caller(server.http1, call);
					try {
						const { ok, status, body } = await caller.call();
						const wallMs = performance.now() - startedMs;
						const right = ok && call.isRight(Buffer.concat(body));
						if (!right) faults.add(`${title}, ${spec.name}: ${ok ? "wrong content" : status}`);
						return { units: right ? 1 : 0, wallMs, cpuMs: await server.cpuMs() };
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
