import { isLabelKey, labelKeyWords, labelValueWords } from "../../resource/label-grammar.ts";

/** Describes a pattern of the contract's field rules: what the pattern itself cannot say. */
export interface ContractPattern {
	/** What it accepts, for people, as in "a DNS label". */
	readonly words: string;
	/** Checks in place of the pattern, which accepts too much. Default: the pattern itself. */
	readonly matches?: (text: string) => boolean;
}

const dnsLabelWords =
	"a DNS label such as web-1: at most 63 lower-case letters, digits and `-`, not at either end";
const dnsNameWords =
	"a DNS name such as web-1.example: lower-case letters, digits, `-` and `.`, and a letter or digit at the ends of each part";
const quantityWords =
	"a quantity such as 4Gi or 500M: a number, then Ki, Mi, Gi, Ti, Pi or Ei (powers of 1024), M, G, T, P or E (of 1000), or nothing";

/** Every pattern of the contract, spelt as there. */
export const contractPatterns: ReadonlyMap<string, ContractPattern> = new Map([
	["^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", { words: dnsLabelWords }],
	["^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", { words: dnsNameWords }],
	[
		"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$",
		// The contract bounds prefix and name together only: a prefix of 254 would pass.
		{ words: labelKeyWords, matches: isLabelKey },
	],
	["^([A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?)?$", { words: labelValueWords }],
	[
		"^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|Ei|K|M|G|T|P|E)?$",
		// K passes here, because a stored one may be sent back; the rules of a new VM refuse it.
		{ words: quantityWords },
	],
	["^[!-~]{1,128}$", { words: "1 to 128 printable ASCII characters, no blank among them" }],
]);

/**
 * Longest text that a pattern is tried on, in UTF-16 units. No rule of the contract allows more,
 * and patterns backtrack: on a text of megabytes they would hold up every other call.
 */
const maxPatternTextLength = 1_024;

/**
 * Creates a matcher for the patterns of the contract, on the native RegExp: the validator's own
 * engine blocks for seconds on a long text. Each pattern is compiled once; there are a dozen.
 */
export function createRegexMatch(): (pattern: string, against: string) => boolean {
	const compiled = new Map<string, RegExp>();
	return (pattern, against) => {
		if (against.length > maxPatternTextLength) return false;
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
