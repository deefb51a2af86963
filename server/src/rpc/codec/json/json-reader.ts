import {
	create,
	type DescField,
	type DescMessage,
	type Message,
	type Registry,
} from "@bufbuild/protobuf";
import { JsonFault, refuse, within } from "./json-fault.ts";
import type { MessageReader } from "./json-field.ts";
import { createFieldReader, type FieldReader } from "./json-field.ts";
import { JsonText, type JsonTextMode } from "./json-text.ts";
import { createWellKnownReader } from "./json-well-known.ts";
import { pathsIn } from "./patch-paths.ts";

/** Reads messages in ProtoJSON. */
export interface JsonReader {
	/**
	 * Reads a message from its whole text.
	 *
	 * @param text well-formed Unicode
	 * @throws JsonFault
	 */
	read(schema: DescMessage, text: string): Message;
	/**
	 * Reads one field from its whole text, and sets it.
	 *
	 * @throws JsonFault
	 */
	readField(field: DescField, text: string, message: Message): undefined;
	/**
	 * Reads one field from a merge patch (an entry of a map may be `null`), and sets it.
	 *
	 * @returns the paths that the patch names, from the field on
	 * @throws JsonFault
	 */
	readPatch(field: DescField, text: string, message: Message): readonly string[];
}

/** What a reader is made with. */
export interface JsonReaderOptions {
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	/** Messages, items of lists and members of maps that one text may hold, together. */
	readonly maxEntries: number;
}

/** Objects and lists within each other: as many as protobuf-es has messages. */
const maxDepth = 100;

/**
 * Creates a reader that takes a text and a type side by side, in one pass. It stands in for
 * protobuf-es's, which has `JSON.parse` round large numbers and drop names that come twice, takes
 * `"0x10"` and `"1.5seconds"`, and makes everything that a text holds before it judges any of it;
 * test/conformance/protobuf.conformance.ts has it judged by protobuf-go. A text that is long enough
 * to hold too much is looked through before anything is made of it.
 */
export function createJsonReader({ registry, maxEntries }: JsonReaderOptions): JsonReader {
	const readers = new Map<DescMessage, MessageReader>();
	const readerOf = (schema: DescMessage): MessageReader => {
		let reader = readers.get(schema);
		if (reader === undefined) {
			const readWellKnown = createWellKnownReader(schema, { registry, readerOf });
			const isWellKnown = readWellKnown !== undefined;
			reader = isWellKnown
				? { isWellKnown, read: readWellKnown }
				: new ObjectReader(schema, readerOf);
			readers.set(schema, reader);
		}
		return reader;
	};
	const fieldReaders = new Map<DescField, FieldReader>();
	const fieldReaderOf = (desc: DescField): FieldReader => {
		let reader = fieldReaders.get(desc);
		if (reader === undefined) {
			reader = createFieldReader(desc, 0, readerOf);
			fieldReaders.set(desc, reader);
		}
		return reader;
	};
	const limits = { maxEntries, maxDepth };
	const readWhole = (schema: DescMessage, text: JsonText): Message | undefined => {
		const message = readerOf(schema).read(text);
		text.end();
		return message;
	};
	/** Reads a text, after a look through it where it is long. */
	const readTwice = <T>(text: string, mode: JsonTextMode, read: (text: JsonText) => T): T => {
		if (mayHoldMore(text, maxEntries)) read(new JsonText(text, limits, { ...mode, isTrial: true }));
		return read(new JsonText(text, limits, mode));
	};
	const readField = (
		desc: DescField,
		{ text, mode }: { readonly text: string; readonly mode: JsonTextMode },
		message: Message,
	): void => {
		const target = message as unknown as Target;
		readTwice(text, mode, (json) => {
			try {
				fieldReaderOf(desc).read(json, json.isTrial ? undefined : target);
				json.end();
			} catch (error) {
				throw within(error, desc.name);
			}
		});
	};
	return {
		read: (schema, text) => readTwice(text, {}, (json) => readWhole(schema, json)) as Message,
		readField(desc, text, message) {
			readField(desc, { text, mode: {} }, message);
		},
		readPatch(desc, text, message) {
			readField(desc, { text, mode: { dropsNulls: true } }, message);
			return pathsIn(desc.message as DescMessage, new JsonText(text, limits));
		},
	};
}

type Target = { [name: string]: unknown };

/**
 * Checks at a glance whether a text may hold more entries than are allowed: each is the first one
 * behind a bracket, or comes behind a comma, and a message is an entry too.
 */
function mayHoldMore(text: string, maxEntries: number): boolean {
	if (text.length <= maxEntries) return false;
	let left = maxEntries;
	for (const [mark, entries] of marks) {
		for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
			left -= entries;
			if (left < 0) return true;
		}
	}
	return false;
}

const marks = [
	[",", 1],
	["[", 1],
	["{", 2],
] as const;

/** Longest unknown name that is quoted, in characters: it is the sender's text. */
const toldName = /^\w{1,64}$/;

const anyType = "@type";

/** Bits of a number that each stand for a field. */
const maxBits = 31;

/** Reads messages of one type that have no JSON form of their own. */
class ObjectReader implements MessageReader {
	readonly isWellKnown = false;
	readonly #schema: DescMessage;
	readonly #readerOf: (schema: DescMessage) => MessageReader;
	/** Fields by JSON name and by contract name. Created late: types may hold themselves. */
	#fields: ReadonlyMap<string, FieldReader> | undefined;

	constructor(schema: DescMessage, readerOf: (schema: DescMessage) => MessageReader) {
		this.#schema = schema;
		this.#readerOf = readerOf;
	}

	read(text: JsonText, isInAny = false): Message | undefined {
		if (text.next() !== "object") return refuse("an object");
		const message = text.isTrial ? undefined : create(this.#schema);
		if (text.openObject()) this.#readMembers(text, message, isInAny);
		return message;
	}

	#readMembers(text: JsonText, message: Message | undefined, isInAny: boolean): void {
		this.#fields ??= this.#createFields();
		const fields = this.#fields;
		let at = "";
		let seen = 0;
		let others: Set<unknown> | undefined;
		try {
			do {
				const name = text.takeName();
				const field = fields.get(name);
				if (field === undefined) {
					at = toldName.test(name) ? name : "?";
					others ??= new Set();
					if (!isInAny || name !== anyType || others.has(name))
						throw new JsonFault("value", noSuchField);
					others.add(name);
					text.takeString();
					continue;
				}
				at = field.name;
				if (field.bit !== 0) {
					if ((seen & field.bit) !== 0) throw new JsonFault("value", givenTwice);
					seen |= field.bit;
				} else {
					others ??= new Set();
					if (others.has(field)) throw new JsonFault("value", givenTwice);
					others.add(field);
				}
				if (!field.takesNull && text.takeNull()) continue;
				if (field.oneof !== undefined) {
					others ??= new Set();
					if (others.has(field.oneof))
						throw new JsonFault("value", "is one of several of which one may be given");
					others.add(field.oneof);
				}
				field.read(text, message as { [name: string]: unknown } | undefined);
			} while (text.hasMember());
		} catch (error) {
			throw within(error, at);
		}
	}

	#createFields(): ReadonlyMap<string, FieldReader> {
		const fields = new Map<string, FieldReader>();
		for (const [index, desc] of this.#schema.fields.entries()) {
			const bit = index < maxBits ? 1 << index : 0;
			const field = createFieldReader(desc, bit, this.#readerOf);
			// A JSON name wins over another field's own name, as protobuf-go has it.
			if (!fields.has(desc.name)) fields.set(desc.name, field);
			fields.set(desc.jsonName, field);
		}
		return fields;
	}
}

const noSuchField = "this contract has no such field";
const givenTwice = "is given twice";
