import {
	isLabelKey,
	isLabelValue,
	labelKeyWords,
	labelValueWords,
} from "../../resource/label-grammar.ts";

/** The labels of one object. */
export type Labels = { readonly [key: string]: string };

/**
 * One condition on the labels of an object.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export type Requirement =
	| { readonly operator: "exists" | "absent"; readonly key: string }
	| {
			readonly operator: "in" | "notin";
			readonly key: string;
			readonly values: ReadonlySet<string>;
	  }
	| { readonly operator: "gt" | "lt"; readonly key: string; readonly bound: bigint };

/**
 * Reads a number as Kubernetes does: strconv.ParseInt in base 10, of 64 bits. Leading zeros and a
 * sign are accepted.
 * @returns undefined where it is none
 */
export function parseInteger(text: string): bigint | undefined {
	if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
	// BigInt knows no plus sign.
	const number = BigInt(text.replace(/^[+]/, ""));
	return BigInt.asIntN(64, number) === number ? number : undefined;
}

/** Says what is wrong with the text of a selector; the message is for people. */
export class SelectorSyntaxError extends Error {
	override readonly name = "SelectorSyntaxError";
}

/** One token. White space is just these four characters; any other is part of a token, and in no key. */
const token = /[ \t\r\n]*(?:(==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+)|$)/y;

/**
 * Reads the Kubernetes selector grammar: `a`, `!a`, `a=b`, `a==b`, `a!=b`,
 * `a in (b,c)`, `a notin (b,c)`, `a>1`, `a<1`, joined by commas. It takes what `labels.Parse` of
 * k8s.io/apimachinery takes, but for a NUL, at which that one leaves out whatever follows.
 * @throws SelectorSyntaxError
 */
export function parseSelector(text: string): Requirement[] {
	const tokens = tokenize(text);
	const requirements: Requirement[] = [];
	let at = 0;

	const peek = () => tokens[at];
	const take = () => tokens[at++];
	const expect = (wanted: string) => {
		const found = take();
		if (found !== wanted) throw unexpected(found, `\`${wanted}\``);
	};
	const key = () => {
		const found = take();
		if (found === undefined || isSymbol(found)) throw unexpected(found, "a label key");
		if (!isLabelKey(found)) throw notThat(found, labelKeyWords);
		return found;
	};
	/** A value may be empty: then the next token is a symbol or the end. */
	const value = () => {
		const found = peek();
		if (found === undefined || isSymbol(found)) return "";
		at++;
		if (!isLabelValue(found)) throw notThat(found, labelValueWords);
		return found;
	};
	const values = () => {
		const found = new Set<string>();
		expect("(");
		found.add(value());
		while (peek() === ",") {
			at++;
			found.add(value());
		}
		expect(")");
		return found;
	};
	/** A label value too, so that it has no sign. */
	const bound = () => {
		const found = peek();
		const number = parseInteger(value());
		if (number !== undefined) return number;
		throw unexpected(found, "a number from 0 to 2^63 - 1");
	};
	const requirement = (): Requirement => {
		if (peek() === "!") {
			at++;
			return { operator: "absent", key: key() };
		}
		const subject = key();
		const operator = peek();
		if (operator === undefined || operator === ",") return { operator: "exists", key: subject };
		at++;
		switch (operator) {
			case "=":
			case "==":
				return { operator: "in", key: subject, values: new Set([value()]) };
			case "!=":
				return { operator: "notin", key: subject, values: new Set([value()]) };
			case "in":
			case "notin":
				return { operator, key: subject, values: values() };
			case ">":
				return { operator: "gt", key: subject, bound: bound() };
			case "<":
				return { operator: "lt", key: subject, bound: bound() };
			default:
				throw unexpected(operator, "an operator");
		}
	};

	while (at < tokens.length) {
		requirements.push(requirement());
		if (at < tokens.length) {
			expect(",");
			if (at === tokens.length) throw unexpected(undefined, "a requirement");
		}
	}
	return requirements;
}

function tokenize(text: string): string[] {
	const tokens: string[] = [];
	token.lastIndex = 0;
	for (;;) {
		// The pattern takes any character, and the end: it always matches.
		const found = token.exec(text)?.[1];
		if (found === undefined) break;
		tokens.push(found);
	}
	return tokens;
}

function isSymbol(text: string): boolean {
	return /^(==|!=|[=!(),<>])$/.test(text);
}

function unexpected(found: string | undefined, wanted: string): SelectorSyntaxError {
	const what = found === undefined ? "the end" : quote(found);
	return new SelectorSyntaxError(`expected ${wanted}, found ${what}`);
}

function notThat(found: string, wanted: string): SelectorSyntaxError {
	return new SelectorSyntaxError(`${quote(found)} is not ${wanted}`);
}

function quote(text: string): string {
	return `\`${text.length > 40 ? `${text.slice(0, 40)}…` : text}\``;
}
