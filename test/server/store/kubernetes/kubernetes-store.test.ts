import { afterEach, expect, test } from "vitest";
import { answerJson, type FakeApiServer } from "../../../support/fake-api-server.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { until } from "../../../support/until.ts";
import { describeStore } from "../store-contract.ts";
import { type KubernetesHarness, startKubernetes } from "./harness.ts";

describeStore("the Kubernetes store", () => startKubernetes());

const { signal } = new AbortController();

/** How many lists of all objects were read. */
const listsOf = ({ requests }: FakeApiServer) =>
	requests.filter((request) => request.startsWith("GET /wukongs?limit=500")).length;

/** A start in the past reads lists as well. */
const reflectorTimings = { historyVersions: 0n };

let harness: KubernetesHarness | undefined;
afterEach(async () => {
	await harness?.close();
	harness = undefined;
});

test("a version that is waited for costs a list only where the watch does not bring it", async () => {
	const clock = createFakeClock();
	harness = await startKubernetes({ operator: false, clock, reflectorTimings });
	const { api, sink, store } = harness;
	const before = listsOf(api);
	// The rest of the cluster is always ahead of what this replica sees of it.
	api.store.tick(50);
	await store.newestVersion(signal, sink.head);
	await clock.advance(1_000);
	expect(listsOf(api)).toBe(before);
	const wanted = BigInt(api.store.version);
	await store.newestVersion(signal, wanted);
	await clock.advance(1_000);
	await until("a watch of its own is open", () => api.watching === 2);
	api.bookmark();
	await until("the bookmark has come", () => sink.head >= wanted);
	expect(listsOf(api)).toBe(before);
	await until("that watch is left", () => api.watching === 1);
	api.store.tick(50);
	api.intercept(({ url }, response) => {
		if (!url.includes("watch=1")) return false;
		answerJson(response, 429, { kind: "Status", code: 429 });
		return true;
	});
	const later = BigInt(api.store.version);
	await store.newestVersion(signal, later);
	await clock.advance(1_000);
	await until("the list has come", () => sink.head >= later);
	expect(listsOf(api)).toBe(before + 1);
});

test("a version that the cluster does not have is not looked for", async () => {
	const clock = createFakeClock();
	harness = await startKubernetes({ operator: false, clock, reflectorTimings });
	const { api, store } = harness;
	const before = listsOf(api);
	const version = BigInt(api.store.version);
	expect(await store.newestVersion(signal, version + 1n)).toBe(version);
	await clock.advance(1_000);
	expect(listsOf(api)).toBe(before);
});
