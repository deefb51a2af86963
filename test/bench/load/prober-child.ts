// Makes one call at a time and measures how long each takes. A process of its own, so that the
// work of reading streams is not taken for waiting.
import { createHistogram } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { GetWukongResponseSchema } from "@novasphere/wukong-gen/wukong-service";
import { getCall } from "../cases/unary-call.ts";
import { createFaults } from "../faults.ts";
import { decode } from "../payload/form.ts";
import { readPayload } from "../payload/payload.ts";
import type { Answer } from "./caller.ts";
import { createHttp1Caller, jsonPosts } from "./http1-caller.ts";
import type { ProbeOrder, ProbeResult } from "./prober.ts";

const [server = "", folder = ""] = process.argv.slice(2);
const payload = readPayload(folder);
const call = getCall(payload, "json");
const url = new URL(server);
const caller = createHttp1Caller(url, jsonPosts(url, call));
const nsPerMs = 1e6;

/** The VM changes all the time, but not its name. */
function isRight({ ok, body }: Answer): boolean {
	if (!ok) return false;
	const { wukong } = decode(GetWukongResponseSchema, Buffer.concat(body), "json");
	return wukong?.name === payload.get.wukong?.name;
}

async function probe({ forMs, everyMs }: ProbeOrder): Promise<ProbeResult> {
	const latencies = createHistogram();
	const faults = createFaults(() => {});
	const startMs = performance.now();
	for (let dueMs = startMs; dueMs < startMs + forMs; dueMs += everyMs) {
		const earlyMs = dueMs - performance.now();
		if (earlyMs > 0) await delay(earlyMs);
		// A call that could not begin in its time has waited, too: the one before held it up.
		const beganMs = earlyMs > 0 ? performance.now() : dueMs;
		const answer = await caller.call();
		latencies.record(Math.max(1, Math.round((performance.now() - beganMs) * nsPerMs)));
		if (!isRight(answer)) faults.add(`a wrong answer, ${answer.status}`);
	}
	const ms = (percent: number) => latencies.percentile(percent) / nsPerMs;
	return { calls: latencies.count, p50Ms: ms(50), p99Ms: ms(99), faults: faults.texts() };
}

process.on("message", (order: ProbeOrder) => {
	probe(order).then(
		(result) => process.send?.(result),
		(error: Error) => process.send?.({ calls: 0, p50Ms: 0, p99Ms: 0, faults: [error.message] }),
	);
});
process.on("disconnect", () => process.exit());
