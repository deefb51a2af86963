import { expect, test } from "vitest";
import { createWorkQueue } from "../../../../../server/src/store/kubernetes/operator/work-queue.ts";

/** Work that a test ends by hand. */
function createWork() {
	const begun: string[] = [];
	const ends = new Map<string, () => void>();
	const work = (key: string) => {
		begun.push(key);
		return new Promise<void>((resolve) => ends.set(key, resolve));
	};
	const end = async (key: string) => {
		ends.get(key)?.();
		await new Promise((resolve) => setImmediate(resolve));
	};
	return { begun, work, end };
}

test("keys are worked on in order, at most so many at one time", async () => {
	const { begun, work, end } = createWork();
	const queue = createWorkQueue(work, 2);
	for (const key of ["a", "b", "c", "d"]) queue.add(key);
	expect(begun).toEqual(["a", "b"]);
	await end("b");
	expect(begun).toEqual(["a", "b", "c"]);
	await end("a");
	expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("a key that is added many times before its turn gets one turn", async () => {
	const { begun, work, end } = createWork();
	const queue = createWorkQueue(work, 1);
	for (const key of ["a", "b", "b", "b"]) queue.add(key);
	await end("a");
	await end("b");
	expect(begun).toEqual(["a", "b"]);
});

test("a key that is added during its work gets another turn, after it; others need not wait", async () => {
	const { begun, work, end } = createWork();
	const queue = createWorkQueue(work, 2);
	for (const key of ["a", "a", "b"]) queue.add(key);
	expect(begun).toEqual(["a", "b"]);
	await end("a");
	expect(begun).toEqual(["a", "b", "a"]);
});

test("closing waits for the work under way and begins no more", async () => {
	const { begun, work, end } = createWork();
	const queue = createWorkQueue(work, 1);
	queue.add("a");
	queue.add("b");
	let closed = false;
	const closing = queue.close().then(() => {
		closed = true;
	});
	queue.add("c");
	await new Promise((resolve) => setImmediate(resolve));
	expect(closed).toBe(false);
	await end("a");
	await closing;
	expect(begun).toEqual(["a"]);
});
