import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { OpenStream } from "../../web-client/src/live/follow.ts";
import { createSlots, maxStreams } from "../../web-client/src/share/slots.ts";
import { pageTabs } from "../../web-client/src/share/tabs.ts";

/** Opens a stream that is silent until it is left. @returns how to leave; undefined: it has no room */
async function open(limit: (open: OpenStream) => OpenStream): Promise<(() => void) | undefined> {
	const leaver = new AbortController();
	return new Promise((resolve, reject) => {
		const silent: OpenStream = async function* (_token, signal) {
			resolve(() => leaver.abort());
			await new Promise<void>((end) => signal.addEventListener("abort", () => end()));
		};
		const refused = ({ code }: { code: Code }) =>
			code === Code.ResourceExhausted ? resolve(undefined) : reject(new Error(Code[code]));
		limit(silent)("", leaver.signal)[Symbol.asyncIterator]().next().catch(refused);
	});
}

describe.each([
	["a page without locks", () => [createSlots("own", undefined)]],
	["tabs that can agree", () => Array.from({ length: 3 }, () => createSlots("all", pageTabs()))],
])("over cleartext HTTP/1.1, %s", (_, createAll) => {
	test("has four streams at most; the fifth is told so, and takes a slot that is left", async () => {
		const all = createAll();
		const openAt = (index: number) => open(all[index % all.length] as (typeof all)[0]);
		const first = [];
		for (let index = 0; index < maxStreams; index++) first.push(await openAt(index));
		expect(first.every((leave) => leave !== undefined)).toBe(true);
		expect(await openAt(4)).toBeUndefined();
		first[1]?.();
		// A lock is given back some turns of the loop later.
		let next = await openAt(5);
		while (next === undefined) next = await openAt(5);
		expect(await openAt(6)).toBeUndefined();
		for (const leave of [...first, next]) leave?.();
	});
});
