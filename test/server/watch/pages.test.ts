import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import type { Failure } from "../../../server/src/failure.ts";
import type { WukongReplica } from "../../../server/src/service/wukong/wukong-events.ts";
import type { Filter } from "../../../server/src/watch/filter.ts";
import type { ListPage } from "../../../server/src/watch/page-cache.ts";
import { type ListQuery, maxPageBytes } from "../../../server/src/watch/pages.ts";
import { createStage, createStageOn, filterOf } from "../../support/watching.ts";

const listOf = async (
	replica: WukongReplica,
	query: Partial<ListQuery> = {},
): Promise<ListPage<Wukong>> =>
	replica.list({
		filter: filterOf(),
		pageSize: 0,
		pageToken: "",
		minResourceVersion: "",
		caller: { signal: new AbortController().signal },
		...query,
	});
const names = (page: ListPage<Wukong>) => page.objects.map(({ name }) => name);
const failing = (attempt: Promise<unknown>): Promise<Failure> =>
	attempt.then(
		() => Promise.reject(new Error("did not fail")),
		(failure: Failure) => failure,
	);

describe("a list", () => {
	test("is ordered by namespace, then name, bytewise", async () => {
		const { store, replica } = await createStage();
		store.put({ name: "b", namespace: "a-b" });
		store.put({ name: "vm-10", namespace: "a" });
		store.put({ name: "vm-2", namespace: "a" });
		store.put({ name: "a", namespace: "ab" });
		const page = await listOf(replica);
		expect(page.objects.map((vm) => `${vm.namespace}/${vm.name}`)).toEqual([
			"a/vm-10",
			"a/vm-2",
			"a-b/b",
			"ab/a",
		]);
		expect(page.nextPageToken).toBe("");
		expect(page.resourceVersion).toBe(`${store.head}`);
	});

	test("stays one snapshot over its pages, whatever is written between", async () => {
		const { store, replica } = await createStage();
		for (const name of ["a", "b", "c", "d", "e"]) store.put({ name, cpu: 1 });
		const first = await listOf(replica, { pageSize: 2 });
		store.drop("c");
		store.put({ name: "d", cpu: 9 });
		store.put({ name: "bb" });
		store.put({ name: "c", cpu: 8 });
		const second = await listOf(replica, { pageSize: 2, pageToken: first.nextPageToken });
		const third = await listOf(replica, { pageSize: 9, pageToken: second.nextPageToken });
		expect([first, second, third].map(names)).toEqual([["a", "b"], ["c", "d"], ["e"]]);
		expect(second.objects.map(({ spec }) => spec?.cpu)).toEqual([1, 1]);
		expect(second.resourceVersion).toBe(first.resourceVersion);
		expect(third.resourceVersion).toBe(first.resourceVersion);
		expect(third.nextPageToken).toBe("");
	});

	test("ends its last page without a token, also where the page is exactly full", async () => {
		const { store, replica } = await createStage();
		for (const name of ["a", "b"]) store.put({ name });
		store.put({ name: "z", labels: { other: "yes" } });
		const filter = filterOf({ labelSelector: "!other" });
		const page = await listOf(replica, { filter, pageSize: 2 });
		expect([names(page), page.nextPageToken]).toEqual([["a", "b"], ""]);
	});

	test("answers each question with its own page, and the same one with the same page", async () => {
		const { store, replica } = await createStage();
		store.put({ name: "a", namespace: "one", labels: { tier: "web" } });
		store.put({ name: "b", namespace: "two" });
		// Each differs from the one before it in one thing.
		const questions: Partial<ListQuery>[] = [
			...[{}, { pageSize: 1 }],
			...[{}, { filter: filterOf({ namespace: "two" }) }],
			...[{}, { filter: filterOf({ name: "b" }) }],
			...[{}, { filter: filterOf({ labelSelector: "tier" }) }],
		];
		const both = ["a", "b"];
		const ask = () => Promise.all(questions.map((question) => listOf(replica, question)));
		const pages = await ask();
		expect(pages.map(names)).toEqual([both, ["a"], both, ["b"], both, ["b"], both, ["a"]]);
		const again = await ask();
		expect(again.map((page, place) => page === pages[place])).toEqual(Array(8).fill(true));
		const version = `${store.bookmark()}`;
		expect((await listOf(replica, questions.at(-1))).resourceVersion).toBe(version);
		expect((await ask()).map((page) => page.resourceVersion)).toEqual(Array(8).fill(version));
	});

	test("shares no page of an older snapshot: there are as many as versions, and callers name them", async () => {
		const { store, replica } = await createStage();
		for (const name of ["a", "b", "c"]) store.put({ name });
		const { nextPageToken } = await listOf(replica, { pageSize: 1 });
		const ask = () => listOf(replica, { pageSize: 1, pageToken: nextPageToken });
		const newest = await ask();
		expect(await ask()).toBe(newest);
		expect(Object.isFrozen(newest)).toBe(true);
		store.put({ name: "b", cpu: 2 });
		const older = await ask();
		expect(older).toEqual(newest);
		expect(await ask()).not.toBe(older);
		expect(Object.isFrozen(older)).toBe(false);
	});

	test("ends a page at 3 MiB, but never below one VM", async () => {
		const { store, replica } = await createStage();
		const half = "x".repeat(maxPageBytes / 2);
		for (const name of ["a", "b", "c"]) store.put({ name, labels: { half } });
		store.put({ name: "d", labels: { big: half + half } });
		const pages: string[][] = [];
		let pageToken = "";
		do {
			const page = await listOf(replica, { pageToken });
			pages.push(names(page));
			pageToken = page.nextPageToken;
		} while (pageToken !== "");
		expect(pages).toEqual([["a"], ["b"], ["c"], ["d"]]);
	});

	test("works on another replica, and on one that starts later", async () => {
		const first = await createStage();
		const second = await createStageOn(first);
		for (const name of ["a", "b", "c"]) first.store.put({ name });
		const { nextPageToken } = await listOf(first.replica, { pageSize: 1 });
		first.store.drop("b");
		const third = await createStageOn(first);
		for (const stage of [second, third]) {
			const page = await listOf(stage.replica, { pageToken: nextPageToken });
			expect(names(page)).toEqual(["b", "c"]);
		}
	});
});

describe("a page token", () => {
	const stageWithToken = async () => {
		const stage = await createStage({ limits: { maxChanges: 10 } });
		for (const name of ["a", "b", "c"]) stage.store.put({ name });
		const { nextPageToken } = await listOf(stage.replica, { pageSize: 1 });
		return { ...stage, token: nextPageToken };
	};

	test("with any one bit flipped is PAGE_TOKEN_INVALID", async () => {
		const { replica, token } = await stageWithToken();
		for (let index = 0; index < token.length; index++) {
			const flipped = String.fromCharCode(token.charCodeAt(index) ^ 1);
			const pageToken = token.slice(0, index) + flipped + token.slice(index + 1);
			expect((await failing(listOf(replica, { pageToken }))).reason).toBe(
				ErrorReason.PAGE_TOKEN_INVALID,
			);
		}
	});

	test("with more behind it is PAGE_TOKEN_INVALID", async () => {
		const { replica, token } = await stageWithToken();
		const failure = await failing(listOf(replica, { pageToken: `${token}.x` }));
		expect(failure.reason).toBe(ErrorReason.PAGE_TOKEN_INVALID);
	});

	test.each<[string, Filter]>([
		["namespace", filterOf({ namespace: "default" })],
		["selector", filterOf({ labelSelector: "app" })],
	])("of another %s is PAGE_TOKEN_INVALID", async (_, filter) => {
		const { replica, token } = await stageWithToken();
		const failure = await failing(listOf(replica, { filter, pageToken: token }));
		expect(failure.reason).toBe(ErrorReason.PAGE_TOKEN_INVALID);
	});

	test("whose snapshot is no longer in the history is PAGE_TOKEN_EXPIRED", async () => {
		const { replica, store, token } = await stageWithToken();
		for (let cpu = 0; cpu <= 10; cpu++) store.put({ name: "x", cpu });
		const failure = await failing(listOf(replica, { pageToken: token }));
		expect(failure.reason).toBe(ErrorReason.PAGE_TOKEN_EXPIRED);
	});

	test("is safe in a URL and within its length", async () => {
		const { replica, store } = await createStage();
		for (const name of ["n".repeat(253), "z"]) store.put({ name, namespace: "s".repeat(63) });
		const { nextPageToken } = await listOf(replica, { pageSize: 1 });
		expect(nextPageToken).toMatch(/^[A-Za-z0-9._~-]{1,2048}$/);
	});
});

describe("min_resource_version", () => {
	test("waits until this replica is as new", async () => {
		const { store, replica } = await createStage({ exactVersions: false });
		store.hold();
		const { resourceVersion } = store.put({ name: "a" });
		const page = listOf(replica, { minResourceVersion: resourceVersion });
		store.release();
		expect(names(await page)).toEqual(["a"]);
	});

	test("that does not come within 5 s is VERSION_NOT_REACHED with a retry hint", async () => {
		const { store, replica, clock } = await createStage({ exactVersions: false });
		store.hold();
		const { resourceVersion } = store.put({ name: "a" });
		const failure = failing(listOf(replica, { minResourceVersion: resourceVersion }));
		await clock.advance(5_000);
		expect((await failure).reason).toBe(ErrorReason.VERSION_NOT_REACHED);
		expect((await failure).details.retryAfterMs).toBeGreaterThan(0);
		expect(clock.pendingTimers).toBe(0);
	});

	test("ends with its caller", async () => {
		const { store, replica, clock } = await createStage({ exactVersions: false });
		store.hold();
		const { resourceVersion } = store.put({ name: "a" });
		const leaver = new AbortController();
		const reached = replica.reach(resourceVersion, leaver);
		leaver.abort(new Error("left"));
		await expect(reached).rejects.toThrow("left");
		await clock.advance(0);
		expect(clock.pendingTimers).toBe(0);
	});

	test("of another life of the store is answered from the present state", async () => {
		const { store, replica } = await createStage();
		store.put({ name: "a" });
		expect(names(await listOf(replica, { minResourceVersion: "99999999" }))).toEqual(["a"]);
	});

	test("that is the start-over constant asks for nothing, a malformed one is INVALID_REQUEST", async () => {
		const { replica } = await createStage();
		await listOf(replica, { minResourceVersion: "start-over" });
		const failure = await failing(listOf(replica, { minResourceVersion: "newest" }));
		expect(failure.reason).toBe(ErrorReason.INVALID_REQUEST);
		expect(failure.details.violations?.[0]?.field).toBe("min_resource_version");
	});
});
