import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { Counter, Histogram, Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import type { CallObserver } from "../../../server/src/service/interceptors/call-observer.ts";
import { createCallCounters } from "../../../server/src/telemetry/call-metrics.ts";

const bucketsMs = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000, 30_000];
const codes = Object.values(Code).filter((code) => typeof code === "number");
const seed = Number(process.env.WUKONG_TEST_SEED ?? Date.now() % 2 ** 31);

/** What the counters must show, by nothing but prom-client. */
function createPlainCounters(registry: Registry): Pick<CallObserver, "callEnded"> {
	const requests = new Counter({
		name: "wukong_requests_total",
		help: "Calls that have ended, streams included.",
		labelNames: ["method", "code", "protocol"],
		registers: [registry],
	});
	const durations = new Histogram({
		name: "wukong_request_duration_seconds",
		help: "Time that unary calls took.",
		labelNames: ["method"],
		buckets: bucketsMs.map((boundMs) => boundMs / 1_000),
		registers: [registry],
	});
	return {
		callEnded({ method, protocol }, { durationMs, failure }) {
			const code = failure === undefined ? "ok" : codeToString(failure.code);
			requests.inc({ method: method.name, code, protocol });
			if (method.methodKind !== "unary") return;
			durations.observe({ method: method.name }, durationMs / 1_000);
		},
	};
}

const ended = fc.record({
	method: fc.constantFrom(...WukongService.methods),
	protocol: fc.constantFrom("connect", "grpc", "grpc-web"),
	code: fc.option(fc.constantFrom(...codes), { nil: undefined }),
	durationMs: fc.oneof(
		fc.constantFrom(0, ...bucketsMs),
		fc.double({ min: 0, max: 100_000, noNaN: true }),
		fc.double({ min: 0, max: 3, noNaN: true }),
	),
});

test(`calls show as prom-client's own counter and histogram show them (seed ${seed})`, async () => {
	const parts = fc.array(fc.array(ended, { maxLength: 100 }), { maxLength: 3 });
	const property = fc.asyncProperty(parts, async (parts) => {
		const registries = [new Registry(), new Registry()] as const;
		const observers = [createCallCounters(registries[0]), createPlainCounters(registries[1])];
		for (const calls of [[], ...parts]) {
			for (const { method, protocol, code, durationMs } of calls) {
				const failure = code && { code, reason: "INTERNAL", cause: undefined };
				for (const observer of observers) {
					const end = { durationMs, wukong: undefined, failure };
					observer.callEnded({ method, protocol, requestId: "r1" }, end);
				}
			}
			const [text, meant] = await Promise.all(registries.map((each) => each.metrics()));
			expect(text).toBe(meant);
		}
	});
	await fc.assert(property, { seed, numRuns: 100 });
});

test("a series is kept once, however many calls it counts", async () => {
	const registry = new Registry();
	const { callEnded } = createCallCounters(registry);
	const { getWukong, watchWukong } = WukongService.method;
	const end = { durationMs: 1, wukong: undefined, failure: undefined };
	for (let round = 0; round < 10; round++) {
		callEnded({ method: getWukong, protocol: "connect", requestId: "r1" }, end);
		callEnded({ method: getWukong, protocol: "grpc", requestId: "r1" }, end);
		callEnded({ method: watchWukong, protocol: "grpc", requestId: "r1" }, end);
	}
	const counter = registry.getSingleMetric("wukong_requests_total") as Counter;
	const told = vi.spyOn(counter, "inc");
	await registry.metrics();
	expect(told).toHaveBeenCalledTimes(3);
	for (const [place, method] of [getWukong, getWukong, watchWukong].entries()) {
		const labels = expect.objectContaining({ method: method.name });
		expect(told).toHaveBeenNthCalledWith(place + 1, labels, 10);
	}
});
