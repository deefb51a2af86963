import { isLabelKey, isLabelValue } from "./label-grammar.ts";
import type { Requirement } from "./requirement.ts";

/** What is wrong with a selector's text, for people. */
export class SelectorSyntaxError extends Error {
	override readonly name = "SelectorSyntaxError";
}

const token = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/y;

/**
 * Reads the Kubernetes selector grammar: `a`, `!a`, `a=b`, `a==b`, `a!=b`,
 * `a in (b,c)`, `a notin (b,c)`, `a>1`, `a<1`, joined by commas.
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
		if (!isLabelKey(found)) throw new SelectorSyntaxError(`${quote(found)} is not a label key`);
		return found;
	};
	/** A value may be empty: then the next token is a symbol or the end. */
	const value = () => {
		const found = peek();
		if (found === undefined || isSymbol(found)) return "";
		at++;
		if (!isLabelValue(found)) {
			throw new SelectorSyntaxError(`${quote(found)} is not a label value`);
		}
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
	const bound = () => {
		const found = take();
		if (found === undefined || !/^-?[0-9]{1,19}$/.test(found)) throw unexpected(found, "a number");
		return BigInt(found);
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
	const end = text.trimEnd().length;
	const tokens: string[] = [];
	token.lastIndex = 0;
	while (token.lastIndex < end) {
		const match = token.exec(text);
		// The pattern takes any character, so it always matches before the end.
		if (match?.[1] === undefined) throw new SelectorSyntaxError("unreadable");
		tokens.push(match[1]);
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

function quote(text: string): string {
	return `\`${text.length > 40 ? `${text.slice(0, 40)}…` : text}\``;
}
