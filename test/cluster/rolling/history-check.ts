import type { KnownChange } from "./cluster-history.ts";

/** How a stream's story differs from what happened. */
export interface HistoryVerdict {
	/** Superseded states that the stream was spared, as a lagging reader may be. */
	readonly skipped: number;
	/** Lost, doubled and made-up changes, in words; empty: all is well. */
	readonly faults: readonly string[];
}

/**
 * Holds what a stream saw against what happened: each change once, in order. Only a MODIFIED
 * that another MODIFIED of the same object follows may be missing.
 */
export function checkHistory(
	happened: readonly KnownChange[],
	seen: readonly KnownChange[],
): HistoryVerdict {
	const faults: string[] = [];
	const skippable = superseded(happened);
	let skipped = 0;
	let at = 0;
	for (const change of happened) {
		const next = seen[at];
		if (next !== undefined && isSame(change, next)) at++;
		else if (skippable.has(change)) skipped++;
		else faults.push(`lost: ${inWords(change)}`);
	}
	for (const change of seen.slice(at)) faults.push(`doubled or made up: ${inWords(change)}`);
	return { skipped, faults };
}

function superseded(happened: readonly KnownChange[]): Set<KnownChange> {
	const result = new Set<KnownChange>();
	const newest = new Map<string, KnownChange>();
	for (const change of happened) {
		const before = newest.get(change.uid);
		if (before?.type === "MODIFIED" && change.type === "MODIFIED") result.add(before);
		newest.set(change.uid, change);
	}
	return result;
}

function isSame(a: KnownChange, b: KnownChange): boolean {
	return a.type === b.type && a.uid === b.uid && a.version === b.version;
}

function inWords({ type, uid, version }: KnownChange): string {
	return `${type} ${uid} at ${version}`;
}
