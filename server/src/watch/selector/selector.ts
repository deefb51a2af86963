import { invalidRequest } from "../../failure.ts";
import {
	type Labels,
	parseInteger,
	parseSelector,
	type Requirement,
	SelectorSyntaxError,
} from "./selector-parser.ts";

/** A condition on labels. */
export interface Selector {
	/** Checks that the labels meet every requirement. */
	matches(labels: Labels): boolean;
	/** Equal for equal queries; binds a page token to its query. */
	readonly text: string;
	/** About how many bytes of heap it takes. */
	readonly bytes: number;
}

/**
 * Makes the selector of a request: each of `labels` is equal, and `labelSelector` holds.
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

/** The selector of most requests. */
const everything: Selector = Object.freeze(select([], ""));

function parse(labelSelector: string): Requirement[] {
	try {
		return parseSelector(labelSelector);
	} catch (error) {
		if (!(error instanceof SelectorSyntaxError)) throw error;
		throw invalidRequest({ field: "label_selector", description: error.message });
	}
}

/** Checks that the labels meet the condition. */
function meets(requirement: Requirement, labels: Labels): boolean {
	const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
	switch (requirement.operator) {
		case "exists":
			return value !== undefined;
		case "absent":
			return value === undefined;
		case "in":
			return value !== undefined && requirement.values.has(value);
		// As in Kubernetes, an object without the key is not in the set.
		case "notin":
			return value === undefined || !requirement.values.has(value);
		case "gt":
		case "lt": {
			const number = value === undefined ? undefined : parseInteger(value);
			if (number === undefined) return false;
			return requirement.operator === "gt"
				? number > requirement.bound
				: number < requirement.bound;
		}
	}
}
