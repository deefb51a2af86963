import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";

/** A change that a call makes, from when it is made until every list has heard of it. */
export interface Edit {
	/** `namespace/name`. */
	readonly key: string;
	/** What the VM looks like with it; absent: like before, until the answer. */
	readonly show: ((wukong: Wukong) => Wukong) | undefined;
	/** It is a change of the spec, or a deletion: each raises `generation`. */
	readonly raisesGeneration: boolean;
	/** The VM that is meant, no namesake; undefined: no list has it. */
	uid: string | undefined;
	/** The VM as the call has left it; undefined: no answer yet. */
	answer: Wukong | undefined;
	/** A list that is live, and has not heard of it by now, is believed as it is. */
	isExpired: boolean;
	/** Lists that wait for it. */
	readonly waiting: Set<object>;
	/** Lists that wait for it no more. */
	readonly heard: WeakSet<object>;
	/** Told when no list waits for it any more. */
	readonly onHeard: () => void;
}

/** What one list has been told of a VM since the oldest edit that it waits for. */
export interface Story {
	/** In the order in which they came; the first one is what it held before. */
	readonly told: Wukong[];
	/** The newest word is that it is gone. */
	isGone: boolean;
	/** Oldest first, with what the list held when they began. */
	edits: readonly (readonly [Edit, Wukong | undefined])[];
}

/** States of one VM that a story keeps. Over 100 in one call's time are noise. */
const maxTold = 100;

/** Adds a state to a story. */
export function tell({ told }: Story, wukong: Wukong): void {
	told.push(wukong);
	if (told.length > maxTold) told.shift();
}

/**
 * Says which edits a list still waits for, when it shows `wukong`. One that is answered has come when
 * the list has shown the very version of the answer, or a state that can only be newer: a generation
 * that the edit has raised, or the hash of what callers write (docs/watch.md), which says nothing
 * where an older edit may have made it, too. What came before an edit that has come, has come.
 */
export function unheard({ told, isGone, edits }: Story, wukong: Wukong | undefined) {
	if (wukong === undefined) return isGone ? edits.filter(([edit]) => !edit.answer) : edits;
	const shown = [...told.slice(0, told.indexOf(wukong) + 1), wukong];
	const last = edits.findLastIndex(
		([{ answer, raisesGeneration }]) =>
			answer !== undefined &&
			(answer.uid !== wukong.uid ||
				(raisesGeneration && wukong.generation >= answer.generation) ||
				shown.some(({ resourceVersion }) => resourceVersion === answer.resourceVersion)),
	);
	const rest = edits.slice(last + 1);
	for (const [{ answer }, before] of rest.slice()) {
		if (answer === undefined || before === wukong || !haveSameHash(answer, wukong)) break;
		rest.shift();
	}
	return rest;
}

function haveSameHash(a: Wukong, b: Wukong): boolean {
	const hash = hashOf(a);
	return hash !== "" && hash === hashOf(b);
}

function hashOf({ resourceVersion }: Wukong): string {
	return /-[^-]*$/.exec(resourceVersion)?.[0] ?? "";
}
