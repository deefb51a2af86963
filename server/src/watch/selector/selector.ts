import { invalidRequest } from "../../failure.ts";
import type { Labels, Requirement } from "./requirement.ts";
import { meets } from "./requirement.ts";
import { parseSelector, SelectorSyntaxError } from "./selector-parser.ts";

/** A condition on labels. */
export interface Selector {
	/** True where the labels meet every requirement. */
	matches(labels: Labels): boolean;
	/** Equal for equal queries; binds a page token to its query. */
	readonly text: string;
	/** Bytes of heap that it takes, about. */
	readonly bytes: number;
}

/**
 * The selector of a request: each of `labels` is equal, and `labelSelector` holds.
 * @throws INVALID_REQUEST naming `label_selector`
 */
export function createSelector(labels: Labels, labelSelector: string): Selector {
	const entries = Object.entries(labels);
	return entries.length === 0 && labelSelector === "" ? everything : select(entries, labelSelector);
}

function select(labels: readonly (readonly [string, string])[], labelSelector: string): Selector {
	const equal = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
	const requirements: Requirement[] = [
		...equal.map(([key, value]) => ({ operator: "in", key, values: new Set([value]) }) as const),
		...parse(labelSelector),
	];
	const text = JSON.stringify([equal, labelSelector.trim()]);
	return {
		matches: (candidate) => requirements.every((requirement) => meets(requirement, candidate)),
		text,
		bytes: requirements.reduce((sum, one) => sum + requirementBytes(one), text.length),
	};
}

/** A set of texts, and each entry of one, is an object of so many bytes. */
const setBytes = 256;
const entryBytes = 48;

function requirementBytes(requirement: Requirement): number {
	let bytes = setBytes + requirement.key.length;
	if ("values" in requirement) {
		for (const value of requirement.values) bytes += entryBytes + value.length;
	}
	return bytes;
}

/** What most requests ask for. */
const everything: Selector = Object.freeze(select([], ""));

function parse(labelSelector: string): Requirement[] {
	try {
		return parseSelector(labelSelector);
	} catch (error) {
		if (!(error instanceof SelectorSyntaxError)) throw error;
		throw invalidRequest({ field: "label_selector", description: error.message });
	}
}
