import { isLabelKey, labelKeyWords, labelValueWords } from "../../resource/label-grammar.ts";

/** A pattern of the contract's field rules, and what it cannot say by itself. */
export interface ContractPattern {
	/** What it takes, for people, as in "a DNS label". */
	readonly words: string;
	/** Judges in place of the pattern, which takes more than is right. Default: the pattern itself. */
	readonly matches?: (text: string) => boolean;
}

const dnsLabelWords =
	"a DNS label such as web-1: at most 63 lower-case letters, digits and `-`, not at either end";
const dnsNameWords =
	"a DNS name such as web-1.example: lower-case letters, digits, `-` and `.`, and a letter or digit at the ends of each part";
const quantityWords =
	"a quantity such as 4Gi or 500M: a number, then Ki, Mi, Gi, Ti, Pi or Ei (powers of 1024), M, G, T, P or E (of 1000), or nothing";

/** Every pattern of the contract, as it stands there. */
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
		// K passes here, because stored ones may be sent back; the rules of a new VM know better.
		{ words: quantityWords },
	],
	["^[!-~]{1,128}$", { words: "1 to 128 printable ASCII characters, no blank among them" }],
]);
