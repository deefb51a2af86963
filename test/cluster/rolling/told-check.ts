import type { KnownChange } from "./cluster-history.ts";

/**
 * Holds what a reader of joined VMs was told against what happened to their Wukongs, where states may
 * be withheld, merged, or told again: each life to its end, none of its states made up, and none after a
 * later one. Between VMs no order is promised (docs/watch.md).
 * @returns what is broken, in words
 */
export function checkTold(
	happened: readonly KnownChange[],
	seen: readonly KnownChange[],
): readonly string[] {
	const lives = Map.groupBy(happened, ({ uid }) => uid);
	const told = Map.groupBy(seen, ({ uid }) => uid);
	const faults: string[] = [];
	for (const [uid, life] of lives) {
		const messages = told.get(uid) ?? [];
		const [last] = life.slice(-1);
		const [lastTold] = messages.slice(-1);
		if (last !== undefined && lastTold?.version !== last.version) {
			faults.push(`lost: ${inWords(last)}; told last: ${lastTold && inWords(lastTold)}`);
		}
		if (last?.type === "DELETED" && lastTold?.type !== "DELETED") {
			faults.push(`its end was not told: ${inWords(last)}`);
		}
		const places = new Map(life.map(({ version }, place) => [version, place]));
		let newest = -1;
		for (const message of messages) {
			const place = places.get(message.version);
			if (place === undefined) faults.push(`made up: ${inWords(message)}`);
			else if (place < newest) faults.push(`goes back: ${inWords(message)}`);
			else newest = place;
		}
	}
	return faults;
}

function inWords({ type, uid, version }: KnownChange): string {
	return `${type} ${uid} at ${version}`;
}
