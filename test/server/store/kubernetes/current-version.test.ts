import { expect, test } from "vitest";
import type { ListPage } from "../../../../server/src/store/kubernetes/api.ts";
import { createCurrentVersion } from "../../../../server/src/store/kubernetes/current-version.ts";
import { UpstreamError } from "../../../../server/src/store/kubernetes/upstream-error.ts";

const { signal } = new AbortController();

/** An API server whose answers a test gives. */
function createUpstream() {
	const waiting: { resolve: (page: ListPage) => void; reject: (error: Error) => void }[] = [];
	let asked = 0;
	const currentVersion = createCurrentVersion({
		list: ({ limit }) => {
			expect(limit).toBe(1);
			asked++;
			return new Promise((resolve, reject) => void waiting.push({ resolve, reject }));
		},
	});
	return {
		currentVersion,
		asked: () => asked,
		answer: (version: bigint) =>
			waiting.shift()?.resolve({ items: [], version, continueToken: "" }),
		fail: (error: Error) => waiting.shift()?.reject(error),
	};
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("callers at one time share one list", async () => {
	const { currentVersion, asked, answer } = createUpstream();
	const all = Promise.all(Array.from({ length: 200 }, () => currentVersion(signal)));
	await turn();
	answer(7n);
	expect(new Set(await all)).toEqual(new Set([7n]));
	expect(asked()).toBe(1);
});

test("who comes while an answer is under way gets the next one", async () => {
	const { currentVersion, asked, answer } = createUpstream();
	const first = currentVersion(signal);
	await turn();
	const later = [currentVersion(signal), currentVersion(signal)];
	answer(7n);
	expect(await first).toBe(7n);
	await turn();
	answer(8n);
	expect(await Promise.all(later)).toEqual([8n, 8n]);
	expect(asked()).toBe(2);
});

test("a failure is told to those who wait for it, and the next is asked anew", async () => {
	const { currentVersion, answer, fail } = createUpstream();
	const error = new UpstreamError({ kind: "lost" }, "cut");
	const first = currentVersion(signal);
	await turn();
	const second = currentVersion(signal);
	fail(error);
	await expect(first).rejects.toBe(error);
	await turn();
	answer(8n);
	expect(await second).toBe(8n);
});

test("one caller that leaves takes the answer from nobody else", async () => {
	const { currentVersion, answer } = createUpstream();
	const leaver = new AbortController();
	const left = currentVersion(leaver.signal);
	const other = currentVersion(signal);
	await turn();
	leaver.abort(new Error("left"));
	await expect(left).rejects.toThrow("left");
	answer(7n);
	expect(await other).toBe(7n);
});
