import { JsonFault, refuse } from "./json-fault.ts";
import { endOfNumber } from "./json-number.ts";

/** Longer texts are not to live on in parts of them that are kept, in characters. */
const maxSharedLength = 1_024;

/** Longest part that V8 copies anyway, in characters. */
const maxCopiedLength = 12;

/**
 * Longer runs of characters are left to a regular expression, which is fast from its first use on.
 */
const longRun = 32;

/** What a string does not simply go on with. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: strings have none in them.
const special = /["\\\0-\x1f]/g;

const noSpace = /[^ \t\n\r]/g;

const quote = 0x22;
const backslash = 0x5c;

/** Ways to read a text. Default: neither. */
export interface JsonTextMode {
	readonly isTrial?: boolean;
	readonly dropsNulls?: boolean;
}

/** Limits of a text. */
export interface JsonTextLimits {
	/** Items, members of maps and messages, together. */
	readonly maxEntries: number;
	/** Objects and lists within each other. */
	readonly maxDepth: number;
}

/**
 * A reader of JSON as RFC 8259 has it, value by value: numbers stay the text that they are, names
 * given twice are reported, and so are strings that are not Unicode. A class: each request has one.
 */
export class JsonText {
	/** True while values are only stepped over and nothing is made of them. */
	readonly isTrial: boolean;
	/** `null` for an entry of a map means that there is none, as in a merge patch (RFC 7396). */
	readonly dropsNulls: boolean;
	readonly #text: string;
	#at = 0;
	#entriesLeft: number;
	#depthLeft: number;
	/** Characters that may still be read a second time: looking ahead needs a bound. */
	#lookAheadLeft: number;

	constructor(
		text: string,
		{ maxEntries, maxDepth }: JsonTextLimits,
		{ isTrial = false, dropsNulls = false }: JsonTextMode = {},
	) {
		this.#text = text;
		this.#entriesLeft = maxEntries;
		this.#depthLeft = maxDepth;
		this.#lookAheadLeft = 2 * text.length;
		this.isTrial = isTrial;
		this.dropsNulls = dropsNulls;
	}

	/** Characters that were stepped over. */
	get position(): number {
		return this.#at;
	}

	/** Counts one thing that takes room. */
	countEntry(): void {
		if (--this.#entriesLeft < 0) throw new JsonFault("entries", "has too many entries");
	}

	/** What the next value is, by its first character; steps over white space. */
	next(): "string" | "number" | "object" | "list" | "true" | "false" | "null" {
		switch (this.#peek()) {
			case quote:
				return "string";
			case 0x7b:
				return "object";
			case 0x5b:
				return "list";
			case 0x74:
				return this.#literal("true");
			case 0x66:
				return this.#literal("false");
			case 0x6e:
				return this.#literal("null");
			default:
				if (endOfNumber(this.#text, this.#at) === -1) throw this.#noJson();
				return "number";
		}
	}

	/** Steps over `null`, where it is the next value. */
	takeNull(): boolean {
		if (this.#peek() !== 0x6e) return false;
		this.#literal("null");
		this.#at += 4;
		return true;
	}

	/** Steps over `true` or `false`; undefined: it is something else. */
	takeBool(): boolean | undefined {
		const code = this.#peek();
		if (code !== 0x74 && code !== 0x66) return undefined;
		const isTrue = this.#literal(code === 0x74 ? "true" : "false") === "true";
		this.#at += isTrue ? 4 : 5;
		return isTrue;
	}

	/** Steps over a number and returns it as it stands; undefined: it is something else. */
	takeNumber(): string | undefined {
		this.#peek();
		const end = endOfNumber(this.#text, this.#at);
		if (end === -1) return undefined;
		const token = this.#text.slice(this.#at, end);
		this.#at = end;
		return token;
	}

	/** Steps over a string and returns what it says; undefined: it is something else. */
	takeString(): string | undefined {
		if (this.#peek() !== quote) return undefined;
		const text = this.#text;
		const start = this.#at;
		let at = start + 1;
		let isPlain = true;
		let run = 0;
		for (;;) {
			const code = text.charCodeAt(at);
			if (code === quote) break;
			if (code === backslash) {
				isPlain = false;
				at += 2;
				run = 0;
				continue;
			}
			// NaN behind the end.
			if (!(code >= 0x20)) {
				this.#at = Math.min(at, text.length);
				throw this.#noJson();
			}
			at++;
			if (++run === longRun) {
				at = endOfRun(special, text, at);
				run = 0;
			}
		}
		this.#at = at + 1;
		const isShared = at - start <= maxCopiedLength || text.length <= maxSharedLength;
		return isPlain && isShared ? text.slice(start + 1, at) : this.#unquoted(start);
	}

	/** Steps into an object; false: it has no members, and was stepped over. */
	openObject(): boolean {
		return this.#open(0x7d);
	}

	/** Steps over the name of the next member. */
	takeName(): string {
		const name = this.takeString();
		if (name === undefined || this.#peek() !== 0x3a) throw this.#noJson();
		this.#at++;
		return name;
	}

	/** Checks whether an object has another member; else steps out of it. */
	hasMember(): boolean {
		return this.#hasMore(0x7d);
	}

	/** Steps into a list; false: it has no items, and was stepped over. */
	openList(): boolean {
		return this.#open(0x5d);
	}

	/** Checks whether a list has another item; else steps out of it. */
	hasItem(): boolean {
		return this.#hasMore(0x5d);
	}

	/** Checks that nothing but white space is left. */
	end(): void {
		if (!Number.isNaN(this.#peek())) throw this.#noJson();
	}

	/**
	 * Refuses the value that comes next.
	 *
	 * @param what it is to be
	 */
	refuseNext(what: string): never {
		this.next();
		return refuse(what);
	}

	/**
	 * Looks ahead.
	 * @param look reads on from here; afterwards the text stands here again
	 */
	lookAhead<T>(look: () => T): T {
		const start = this.#at;
		const [entries, depth] = [this.#entriesLeft, this.#depthLeft];
		const seen = look();
		this.#lookAheadLeft -= this.#at - start;
		if (this.#lookAheadLeft < 0)
			throw new JsonFault("value", 'is to have "@type" as its first name');
		this.#at = start;
		this.#entriesLeft = entries;
		this.#depthLeft = depth;
		return seen;
	}

	#open(end: number): boolean {
		if (--this.#depthLeft < 0) throw new JsonFault("value", "is nested too deeply");
		this.#at++;
		if (this.#peek() !== end) return true;
		this.#at++;
		this.#depthLeft++;
		return false;
	}

	#hasMore(end: number): boolean {
		const code = this.#peek();
		if (code !== 0x2c && code !== end) throw this.#noJson();
		this.#at++;
		if (code === 0x2c) return true;
		this.#depthLeft++;
		return false;
	}

	#peek(): number {
		for (let run = 0; ; run++) {
			const code = this.#text.charCodeAt(this.#at);
			if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
			this.#at++;
			if (run === longRun) this.#at = endOfRun(noSpace, this.#text, this.#at);
		}
	}

	#literal<T extends string>(word: T): T {
		if (!this.#text.startsWith(word, this.#at)) throw this.#noJson();
		return word;
	}

	/** A string by its quotes, which end here. Makes a copy: a part would keep the whole text. */
	#unquoted(start: number): string {
		let said: string;
		try {
			said = JSON.parse(this.#text.slice(start, this.#at)) as string;
		} catch {
			this.#at = start;
			throw this.#noJson();
		}
		if (!said.isWellFormed()) throw new JsonFault("value", "is not well-formed Unicode");
		return said;
	}

	#noJson(): JsonFault {
		const before = this.#text.slice(0, this.#at);
		const line = before.split("\n").length;
		const column = this.#at - before.lastIndexOf("\n");
		return new JsonFault("syntax", `is not JSON at line ${line}, column ${column}`);
	}
}

/** Finds the next character that an expression looks for, from a place on. */
function endOfRun(expression: RegExp, text: string, start: number): number {
	expression.lastIndex = start;
	return expression.exec(text)?.index ?? text.length;
}
