import type { Clock } from "../../clock.ts";
import type { Change } from "../store.ts";

/** How long to wait for a change, and what to do meanwhile. */
export interface ArrivalWait {
	/** How long at most, in milliseconds. */
	readonly maxWaitMs: number;
	/** Ends the wait: nobody is there any more to be answered. */
	readonly signal: AbortSignal;
	/** Called each time that it has not come for a while. */
	readonly onLate: () => void;
}

/** Waits for changes to pass the log. */
export interface Arrivals {
	/** Everything up to `head` has passed. @param changes those that are new */
	passed(changes: readonly Change[], head: bigint): void;
	/** Resolves with true when everything up to `version` has passed, with false when the wait is over. */
	version(version: bigint, wait: ArrivalWait): Promise<boolean>;
	/** Looks out for the deletion of the object from now on, until it is cancelled. */
	deletion(uid: string): Deletion;
}

/** A deletion that is looked out for. */
export interface Deletion {
	/**
	 * Resolves with the version at which the object was deleted, or with one up to which everything
	 * has passed, undefined when the wait is over.
	 * @param knownVersion the deletion is in at this version, as far as is known by now
	 */
	passed(knownVersion: () => bigint | undefined, wait: ArrivalWait): Promise<bigint | undefined>;
	cancel(): void;
}

/** When a change counts as late first, and after that again and again, in milliseconds. */
const lateAfterMs = 250;
const lateAgainMs = 1_000;

export function createArrivals(clock: Clock): Arrivals {
	const listeners = new Set<(changes: readonly Change[]) => void>();
	let head = 0n;

	const waitFor = <T>(look: () => T | undefined, wait: ArrivalWait): Promise<T | undefined> => {
		const { maxWaitMs, signal, onLate } = wait;
		const { promise, resolve } = Promise.withResolvers<T | undefined>();
		const end = (result: T | undefined) => {
			listeners.delete(onNews);
			over.cancel();
			late.cancel();
			signal.removeEventListener("abort", onAbort);
			resolve(result);
		};
		const onNews = () => {
			const result = look();
			if (result !== undefined) end(result);
		};
		const onAbort = () => end(undefined);
		const tellLate = () => {
			late = clock.setTimer(lateAgainMs, tellLate);
			onLate();
			onNews();
		};
		const over = clock.setTimer(maxWaitMs, () => end(undefined));
		let late = clock.setTimer(lateAfterMs, tellLate);
		listeners.add(onNews);
		signal.addEventListener("abort", onAbort, { once: true });
		if (signal.aborted) onAbort();
		else onNews();
		return promise;
	};

	return {
		passed(changes, newHead) {
			head = newHead;
			for (const listener of [...listeners]) listener(changes);
		},
		async version(version, wait) {
			if (head >= version) return true;
			return (await waitFor(() => head >= version || undefined, wait)) === true;
		},
		deletion(uid) {
			let deletedAt: bigint | undefined;
			const onNews = (changes: readonly Change[]) => {
				deletedAt ??= changes.find(({ deleted, object }) => deleted && object.uid === uid)?.version;
			};
			listeners.add(onNews);
			return {
				passed(knownVersion, wait) {
					const look = () => {
						const known = knownVersion();
						return deletedAt ?? (known !== undefined && head >= known ? known : undefined);
					};
					return waitFor(look, wait);
				},
				cancel: () => listeners.delete(onNews),
			};
		},
	};
}
