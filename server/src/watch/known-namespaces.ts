import type { Clock } from "../clock.ts";
import type { ApiObject } from "../resource/object.ts";
import type { ChangeLog } from "./change-log.ts";

/** The namespaces that there are objects in, or were a short while ago. */
export interface KnownNamespaces {
	readonly names: ReadonlySet<string>;
	/** Rises when there is another one. */
	readonly revision: number;
	/** Calls back when there is another one, before anybody is told of its objects. */
	onAppear(callback: () => void): void;
}

/**
 * Time for which a namespace is known that has no objects any more, in milliseconds: one that is emptied
 * and filled again is no news.
 */
const lingerMs = 600_000;

/** Creates the namespaces of a log. */
export function createKnownNamespaces<T extends ApiObject, E>(
	log: ChangeLog<T, E>,
	clock: Pick<Clock, "monotonicMs">,
): KnownNamespaces {
	const names = new Set<string>();
	/** When namespaces were found without objects, the first one first. */
	const emptySinceMs = new Map<string, number>();
	const listeners: (() => void)[] = [];
	let revision = 0;
	let seen = "";

	log.onNews(() => {
		const now = `${log.epoch} ${log.state.namespacesRevision}`;
		if (now === seen) return;
		seen = now;
		const nowMs = clock.monotonicMs();
		const filled = new Set(log.state.namespaces());
		for (const name of names) {
			if (filled.has(name)) emptySinceMs.delete(name);
			else if (!emptySinceMs.has(name)) emptySinceMs.set(name, nowMs);
		}
		for (const [name, sinceMs] of emptySinceMs) {
			if (nowMs - sinceMs < lingerMs) break;
			emptySinceMs.delete(name);
			names.delete(name);
		}
		const before = names.size;
		for (const name of filled) names.add(name);
		if (names.size === before) return;
		revision++;
		for (const listener of listeners) listener();
	});

	return {
		names,
		get revision() {
			return revision;
		},
		onAppear: (callback) => void listeners.push(callback),
	};
}
