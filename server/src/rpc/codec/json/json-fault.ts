/**
 * Reason for which a text in JSON is not a message. Names the place, and nothing of what was sent.
 */
export class JsonFault extends Error {
	/**
	 * `syntax`: it is no JSON (RFC 8259); `value`: a field cannot be what is given for it; `entries`:
	 * it holds more than is read.
	 */
	readonly kind: "syntax" | "value" | "entries";
	/** What is wrong, to be read behind the field's name. */
	readonly description: string;
	/** Contract name of the field, from the root; empty: the root itself. */
	field = "";

	constructor(kind: JsonFault["kind"], description: string) {
		super(description);
		this.name = "JsonFault";
		this.kind = kind;
		this.description = description;
	}

	/** Notes that the fault is within a field, or within an item as in `[3]`. */
	within(part: string): this {
		const separator = this.field === "" || this.field.startsWith("[") ? "" : ".";
		this.field = part + separator + this.field;
		return this;
	}
}

/** Notes in anything thrown, where it is a fault in JSON, what it lies within. */
export function within(error: unknown, part: string): unknown {
	return error instanceof JsonFault ? error.within(part) : error;
}

/** @throws JsonFault that says what a value is to be */
export function refuse(what: string): never {
	throw new JsonFault("value", `is to be ${what}`);
}
