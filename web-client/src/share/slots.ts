import { Code, ConnectError } from "@connectrpc/connect";
import type { OpenStream } from "../live/follow.ts";
import type { Tabs } from "./tabs.ts";

/**
 * Streams at a time over cleartext HTTP/1.1, where a browser has six connections for all tabs of an
 * origin: two are left for calls with one answer, which would wait for ever otherwise.
 */
export const maxStreams = 4;

/**
 * Wraps what opens streams so that no more than four are open: in all tabs where they can agree,
 * else in this page. The others are fed by `fallback`, if it has anything, or fail with
 * RESOURCE_EXHAUSTED, and are tried again.
 */
export function createSlots(
	name: string,
	tabs: Tabs | undefined,
): (open: OpenStream, fallback?: () => OpenStream | undefined) => OpenStream {
	const taken = new Set<number>();

	/** @returns how to give the slot back; undefined where none is free */
	const take = async (): Promise<(() => void) | undefined> => {
		for (let slot = 0; slot < maxStreams; slot++) {
			if (taken.has(slot)) continue;
			taken.add(slot);
			const giveBack = tabs === undefined ? () => {} : await lock(tabs, `${name}:${slot}`);
			if (giveBack !== undefined) {
				let isMine = true;
				return () => {
					// Called at an abort and at the end; by then it may be another stream's.
					if (isMine) taken.delete(slot);
					isMine = false;
					giveBack();
				};
			}
			taken.delete(slot);
		}
		return undefined;
	};

	return (open, fallback) =>
		async function* withSlot(token, signal) {
			const giveBack = await take();
			const other = giveBack === undefined ? fallback?.() : undefined;
			if (other !== undefined) {
				yield* other(token, signal);
				return;
			}
			if (giveBack === undefined) {
				const text = `${maxStreams} streams are open, which is all that cleartext HTTP/1.1 has room for`;
				throw new ConnectError(text, Code.ResourceExhausted);
			}
			signal.addEventListener("abort", giveBack, { once: true });
			// The caller may have left while the slot was asked for.
			if (signal.aborted) giveBack();
			try {
				if (!signal.aborted) yield* open(token, signal);
			} finally {
				giveBack();
			}
		};
}

/** Takes a lock of all tabs if nobody has it. @returns how to give it back */
function lock({ locks }: Tabs, name: string): Promise<(() => void) | undefined> {
	return new Promise((resolve) => {
		const hold = (granted: Lock | null) => {
			if (granted === null) return resolve(undefined);
			return new Promise<void>((release) => resolve(release));
		};
		locks.request(name, { ifAvailable: true }, hold).catch(() => resolve(undefined));
	});
}
