import { expect, test } from "vitest";
import { readinessAnswer } from "../../../server/src/app/readiness.ts";

const fresh = { staleSinceMs: undefined };

test("a replica is not ready before the store is loaded, and says why", () => {
	const answer = readinessAnswer({ state: "starting" }, fresh);
	expect(answer).toEqual({ status: 503, body: "not ready: the store is not loaded yet\n" });
});

test("what keeps a store from loading is told, each on a line of its own", () => {
	const upstream = { ...fresh, trouble: "the cluster cannot be reached" };
	const { body } = readinessAnswer({ state: "starting" }, upstream);
	expect(body).toBe("not ready: the store is not loaded yet\nthe cluster cannot be reached\n");
});

test("a replica that stops is not ready", () => {
	expect(readinessAnswer({ state: "stopping" }, fresh).status).toBe(503);
});

test("a silent upstream is told, but the replica still wants calls", () => {
	const answer = readinessAnswer({ state: "ready" }, { staleSinceMs: Date.UTC(2026, 0, 1) });
	expect(answer.status).toBe(200);
	expect(answer.body).toContain("upstream is silent since 2026-01-01T00:00:00.000Z");
	expect(readinessAnswer({ state: "ready" }, fresh).body).toBe("ready\n");
});

test("what else operators may want to know is told where all is asked for, and there alone", () => {
	const upstream = { ...fresh, notes: ["one kind is not served"] };
	expect(readinessAnswer({ state: "ready" }, upstream).body).toBe("ready\n");
	const { body } = readinessAnswer({ state: "ready" }, upstream, { isVerbose: true });
	expect(body).toBe("ready\none kind is not served\n");
});

test("what keeps some callers out is told, but the replica still wants calls", () => {
	const troubles = ["the API keys of before hold: keys: line 1: name is empty"];
	expect(readinessAnswer({ state: "ready" }, fresh, { troubles })).toEqual({
		status: 200,
		body: `ready\n${troubles[0]}\n`,
	});
});
