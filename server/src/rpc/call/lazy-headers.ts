import type { HeaderFields } from "../../http/fields.ts";

/**
 * Headers over the fields of an HTTP message. Nothing is copied before somebody writes or lists
 * them: every call has three of these, and a look-up by name is a scan of some ten fields.
 */
export class LazyHeaders implements Headers {
	readonly #fields: HeaderFields;
	#copy: Headers | undefined;

	/** @param fields the headers at first; names in lower case */
	constructor(fields: HeaderFields) {
		this.#fields = fields;
	}

	/** The headers that were written or listed; undefined: they still are the fields. */
	get copied(): Headers | undefined {
		return this.#copy;
	}

	get #headers(): Headers {
		if (this.#copy === undefined) {
			this.#copy = new Headers();
			for (let i = 0; i < this.#fields.length; i += 2) {
				this.#copy.append(this.#fields[i] as string, this.#fields[i + 1] as string);
			}
		}
		return this.#copy;
	}

	get(name: string): string | null {
		if (this.#copy !== undefined) return this.#copy.get(name);
		// Most callers spell a name as the fields do.
		const found = findValue(this.#fields, name);
		if (found !== null) return found;
		if (!isFieldName(name)) return this.#headers.get(name);
		const lower = name.toLowerCase();
		return lower === name ? null : findValue(this.#fields, lower);
	}

	has(name: string): boolean {
		if (this.#copy !== undefined || !isFieldName(name)) return this.#headers.has(name);
		const lower = name.toLowerCase();
		for (let i = 0; i < this.#fields.length; i += 2) if (this.#fields[i] === lower) return true;
		return false;
	}

	append(name: string, value: string): void {
		this.#headers.append(name, value);
	}

	delete(name: string): void {
		this.#headers.delete(name);
	}

	getSetCookie(): string[] {
		return this.#headers.getSetCookie();
	}

	set(name: string, value: string): void {
		this.#headers.set(name, value);
	}

	forEach(callback: (value: string, key: string, parent: Headers) => void): void {
		this.#headers.forEach(callback);
	}

	entries(): ReturnType<Headers["entries"]> {
		return this.#headers.entries();
	}

	keys(): ReturnType<Headers["keys"]> {
		return this.#headers.keys();
	}

	values(): ReturnType<Headers["values"]> {
		return this.#headers.values();
	}

	[Symbol.iterator](): ReturnType<Headers["entries"]> {
		return this.#headers[Symbol.iterator]();
	}
}

/** Returns headers that hold something of their own; undefined: nobody has written any. */
export function copiedHeaders(headers: Headers): Headers | undefined {
	return headers instanceof LazyHeaders ? headers.copied : headers;
}

/** Finds the values of a field, joined as `Headers` joins them; null: there is none. */
function findValue(fields: HeaderFields, name: string): string | null {
	let found: string | null = null;
	for (let i = 0; i < fields.length; i += 2) {
		if (fields[i] !== name) continue;
		const value = trimmed(fields[i + 1] as string);
		// Cookies are no list (RFC 6265, 5.4).
		found = found === null ? value : found + (name === "cookie" ? "; " : ", ") + value;
	}
	return found;
}

/** A token (RFC 9110, 5.6.2); `Headers` throws on anything else. */
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function isFieldName(name: unknown): boolean {
	return typeof name === "string" && fieldName.test(name);
}

/** Drops the white space that `Headers` drops (Fetch standard, "normalize a byte sequence"). */
function trimmed(value: string): string {
	return isSpace(value.charCodeAt(0)) || isSpace(value.charCodeAt(value.length - 1))
		? value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "")
		: value;
}

function isSpace(character: number): boolean {
	return character === 0x20 || character === 0x09 || character === 0x0a || character === 0x0d;
}
