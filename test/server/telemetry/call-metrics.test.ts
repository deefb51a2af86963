import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { Counter, Histogram, Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import type {
	CallEnd,
	CallListener,
	CallObserver,
	ObservedCall,
} from "../../../server/src/service/interceptors/call-observer.ts";
import { createCallCounters } from "../../../server/src/telemetry/call-metrics.ts";
import { testSeed } from "../../support/seed.ts";

const bucketsMs = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000, 30_000];
const codes = Object.values(Code).filter((code) => typeof code === "number");
const seed = testSeed;

/** What the counters must show, by nothing but prom-client. */
function createPlainCounters(registry: Registry): CallObserver {
	const requests = new Counter({
		name: "wukong_requests_total",
		help: "Calls that have ended, streams included.",
		labelNames: ["service", "method", "code", "protocol"],
		registers: [registry],
	});
	const durations = new Histogram({
		name: "wukong_request_duration_seconds",
		help: "Time that unary calls took.",
		labelNames: ["service", "method"],
		buckets: bucketsMs.map((boundMs) => boundMs / 1_000),
		registers: [registry],
	});
	const listener: CallListener = {
		callEnded({ method, protocol }, { durationMs, failure }) {
			const code = failure === undefined ? "ok" : codeToString(failure.code);
			const name = { service: method.parent.typeName, method: method.name };
			requests.inc({ ...name, code, protocol });
			if (method.methodKind === "unary") durations.observe(name, durationMs / 1_000);
		},
	};
	return { callStarted: () => listener };
}

/** One call from its start to its end. */
function play(
	observer: CallObserver,
	started: Pick<ObservedCall, "method" | "protocol">,
	end: CallEnd,
) {
	const call = {
		...{ ...started, requestId: "r1" },
		...{ peer: undefined, address: undefined, principal: undefined, target: undefined },
	};
	observer.callStarted(call, new Headers())?.callEnded?.(call, end);
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
					play(observer, { method, protocol }, { durationMs, failure });
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
	const counters = createCallCounters(registry);
	const { getWukong, watchWukong } = WukongService.method;
	const end = { durationMs: 1, failure: undefined };
	for (let round = 0; round < 10; round++) {
		play(counters, { method: getWukong, protocol: "connect" }, end);
		play(counters, { method: getWukong, protocol: "grpc" }, end);
		play(counters, { method: watchWukong, protocol: "grpc" }, end);
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

test("methods of one name in two services do not meet", async () => {
	const registry = new Registry();
	const counters = createCallCounters(registry);
	const { watchWukong, getWukong } = WukongService.method;
	const parent = { ...WukongService, typeName: "grpc.health.v1.Health" };
	const namesakes = [watchWukong, getWukong].map((method) => ({ ...method, parent }) as DescMethod);
	for (const method of [watchWukong, getWukong, ...namesakes]) {
		play(counters, { method, protocol: "grpc" }, { durationMs: 1, failure: undefined });
	}
	const text = await registry.metrics();
	for (const service of [WukongService.typeName, parent.typeName]) {
		expect(text).toContain(
			`wukong_requests_total{service="${service}",method="WatchWukong",code="ok",protocol="grpc"} 1\n`,
		);
		expect(text).toContain(
			`wukong_request_duration_seconds_count{service="${service}",method="GetWukong"} 1\n`,
		);
	}
});
