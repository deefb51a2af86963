import { contractPatterns } from "./contract-patterns.ts";

/**
 * Longest text that a pattern is tried on, in characters. No rule of the contract allows more,
 * and patterns backtrack: on a text of megabytes they would hold up every other call.
 */
const maxTextLength = 1_024;

/**
 * A matcher for the patterns of the contract, on the native RegExp: the validator's own engine
 * blocks for seconds on a long text. Each pattern is compiled once; there are a dozen.
 */
export function createRegexMatch(): (pattern: string, against: string) => boolean {
	const compiled = new Map<string, RegExp>();
	return (pattern, against) => {
		if (against.length > maxTextLength) return false;
		const matches = contractPatterns.get(pattern)?.matches;
		if (matches !== undefined) return matches(against);
		let expression = compiled.get(pattern);
		if (expression === undefined) {
			expression = new RegExp(pattern, "u");
			compiled.set(pattern, expression);
		}
		return expression.test(against);
	};
}
