import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Form } from "./form.ts";

/** Longer messages are seldom sent twice, and would cost more to keep than they spare. In bytes. */
const maxBytes = 256;

/** Messages that are kept of one type in one form; then all of them are forgotten. */
const maxKept = 1_000;

/**
 * Small messages by their bytes: most callers ask for the same things again and again, and the same
 * bytes say the same. Who asks is given a message of its own.
 */
export interface KnownMessages {
	find(schema: DescMessage, bytes: Buffer, form: Form): Message | undefined;
	/** Keeps a message, where it is small and holds nothing but texts, numbers and flags. */
	keep(schema: DescMessage, bytes: Buffer, form: Form, message: Message): void;
}

export function createKnownMessages(): KnownMessages {
	const kept = {
		json: new WeakMap<DescMessage, Map<string, Template>>(),
		binary: new WeakMap<DescMessage, Map<string, Template>>(),
	};
	return {
		find(schema, bytes, form) {
			if (bytes.byteLength > maxBytes) return undefined;
			const template = kept[form].get(schema)?.get(bytes.toString("latin1"));
			return template && copyOf(template);
		},
		keep(schema, bytes, form, message) {
			if (bytes.byteLength > maxBytes) return;
			const template = templateOf(message);
			if (template === undefined) return;
			let ofSchema = kept[form].get(schema);
			if (ofSchema === undefined) {
				ofSchema = new Map();
				kept[form].set(schema, ofSchema);
			}
			if (ofSchema.size >= maxKept) ofSchema.clear();
			ofSchema.set(bytes.toString("latin1"), template);
		},
	};
}

/** What messages with the same bytes are made of. */
interface Template {
	readonly values: Readonly<Record<string, unknown>>;
	/** Names of its lists and maps, all empty: each message has its own. */
	readonly lists: readonly string[];
	readonly maps: readonly string[];
}

/** undefined: the message holds others, or was made by a class or prototype. */
function templateOf(message: Message): Template | undefined {
	if (Object.getPrototypeOf(message) !== Object.prototype) return undefined;
	const lists: string[] = [];
	const maps: string[] = [];
	for (const [name, value] of Object.entries(message as object)) {
		if (typeof value !== "object") continue;
		if (value === null || Object.keys(value).length > 0) return undefined;
		if (Array.isArray(value)) lists.push(name);
		else if (Object.getPrototypeOf(value) === Object.prototype) maps.push(name);
		else return undefined;
	}
	return { values: { ...message }, lists, maps };
}

function copyOf({ values, lists, maps }: Template): Message {
	const copy: Record<string, unknown> = { ...values };
	for (const name of lists) copy[name] = [];
	for (const name of maps) copy[name] = {};
	return copy as unknown as Message;
}
