import type { Failure } from "../failure.ts";
import type { NamespaceSet } from "../resource/namespace-set.ts";

/** Ends a stream or a wait that is open, for a reason of its own, or changes what a stream shows. */
export interface StreamGuard {
	/**
	 * Time at which it ends the stream at the latest, in milliseconds since 1970, which the stream
	 * announces. Default: none is known.
	 */
	readonly expireTimeMs?: number | undefined;
	/**
	 * Calls back when the stream is to end, at once where that is now. The stream says a last
	 * HEARTBEAT, then fails with `failure`; a wait just fails; where it has ended, nothing happens.
	 * @returns takes the callback back; called when the stream has ended for whatever reason
	 */
	onEnd(callback: (failure: Failure) => void): () => void;
	/**
	 * Calls back when the stream is to show other namespaces from now on, at once where that is now. It
	 * says RESET and goes on with these. Default: never.
	 * @returns takes the callback back, likewise
	 */
	onNamespaces?(callback: (namespace: string | NamespaceSet) => void): () => void;
}

/**
 * Joins two guards: each of them may end the stream, the first one at a time that is known, and the second
 * one may change what it shows.
 */
export function joinGuards(one: StreamGuard, other: StreamGuard): StreamGuard {
	return {
		expireTimeMs: one.expireTimeMs ?? other.expireTimeMs,
		onEnd(callback) {
			const takeBack = [one.onEnd(callback), other.onEnd(callback)];
			return () => {
				for (const take of takeBack) take();
			};
		},
		...(other.onNamespaces && { onNamespaces: other.onNamespaces }),
	};
}
