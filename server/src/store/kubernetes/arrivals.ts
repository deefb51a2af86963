import type { Clock } from "../../clock.ts";
import type { Change } from "../source.ts";

/** Waits for changes to pass the log. */
export interface Arrivals {
	/** Everything up to `head` has passed. @param changes those that are new */
	passed(changes: readonly Change[], head: bigint): void;
	/** Resolves when everything up to `version` has passed, or the wait is over. Never rejects. */
	version(version: bigint): Promise<void>;
	/**
	 * Resolves with the version at which the object was deleted, from now on; undefined when the
	 * wait is over. Never rejects.
	 */
	deletion(uid: string): { readonly version: Promise<bigint | undefined>; cancel(): void };
}

/** @param maxWaitMs how long to wait at most, in milliseconds. */
export function createArrivals(clock: Clock, maxWaitMs: number): Arrivals {
	const waiting = new Set<(changes: readonly Change[]) => void>();
	let head = 0n;

	const wait = <T>(look: (changes: readonly Change[]) => T | undefined) => {
		const { promise, resolve } = Promise.withResolvers<T | undefined>();
		const end = (result: T | undefined) => {
			waiting.delete(onNews);
			timer.cancel();
			resolve(result);
		};
		const onNews = (changes: readonly Change[]) => {
			const result = look(changes);
			if (result !== undefined) end(result);
		};
		const timer = clock.setTimer(maxWaitMs, () => end(undefined));
		waiting.add(onNews);
		return { promise, cancel: () => end(undefined) };
	};

	return {
		passed(changes, newHead) {
			head = newHead;
			for (const onNews of [...waiting]) onNews(changes);
		},
		async version(version) {
			if (head >= version) return;
			await wait(() => (head >= version ? version : undefined)).promise;
		},
		deletion(uid) {
			const { promise, cancel } = wait(
				(changes) => changes.find(({ deleted, object }) => deleted && object.uid === uid)?.version,
			);
			return { version: promise, cancel };
		},
	};
}
