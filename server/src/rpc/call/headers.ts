import type { HeaderFields } from "../../http/fields.ts";

/**
 * Headers that come into being when first read or written. Interceptors and implementations are
 * given three of them with each call, and mostly ask for none.
 */
export class LazyHeaders implements Headers {
	readonly #fields: HeaderFields;
	#headers: Headers | undefined;

	/** @param fields what they hold at first */
	constructor(fields: HeaderFields) {
		this.#fields = fields;
	}

	/** undefined: nobody has asked for them. */
	get touched(): Headers | undefined {
		return this.#headers;
	}

	get #made(): Headers {
		if (this.#headers === undefined) {
			this.#headers = new Headers();
			for (let i = 0; i < this.#fields.length; i += 2) {
				this.#headers.append(this.#fields[i] as string, this.#fields[i + 1] as string);
			}
		}
		return this.#headers;
	}

	append(name: string, value: string): void {
		this.#made.append(name, value);
	}

	delete(name: string): void {
		this.#made.delete(name);
	}

	get(name: string): string | null {
		return this.#made.get(name);
	}

	getSetCookie(): string[] {
		return this.#made.getSetCookie();
	}

	has(name: string): boolean {
		return this.#made.has(name);
	}

	set(name: string, value: string): void {
		this.#made.set(name, value);
	}

	forEach(callback: (value: string, key: string, parent: Headers) => void): void {
		this.#made.forEach(callback);
	}

	entries(): ReturnType<Headers["entries"]> {
		return this.#made.entries();
	}

	keys(): ReturnType<Headers["keys"]> {
		return this.#made.keys();
	}

	values(): ReturnType<Headers["values"]> {
		return this.#made.values();
	}

	[Symbol.iterator](): ReturnType<Headers["entries"]> {
		return this.#made[Symbol.iterator]();
	}
}

/** What headers hold, where anybody has asked for them. */
export function touchedOf(headers: Headers): Headers | undefined {
	return headers instanceof LazyHeaders ? headers.touched : headers;
}
