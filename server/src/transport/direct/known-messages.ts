import type { DescMessage, Message } from "@bufbuild/protobuf";
import { KeepRule } from "../../keep-rule.ts";
import type { Form } from "./form.ts";

/** Longer messages are seldom sent twice, and would cost more to keep than they spare. In bytes. */
const maxBytes = 256;

/** Messages that are kept of one type in one form. */
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
	const ofForm = {
		json: new WeakMap<DescMessage, Kept>(),
		binary: new WeakMap<DescMessage, Kept>(),
	};
	return {
		find(schema, bytes, form) {
			if (bytes.byteLength > maxBytes) return undefined;
			const kept = ofForm[form].get(schema);
			if (kept === undefined || !kept.rule.mayLookUp()) return undefined;
			const template = kept.templates.get(bytes.toString("latin1"));
			if (template === undefined) return undefined;
			kept.rule.found();
			return copyOf(template);
		},
		keep(schema, bytes, form, message) {
			if (bytes.byteLength > maxBytes) return;
			let kept = ofForm[form].get(schema);
			if (kept === undefined) {
				kept = { rule: new KeepRule(maxKept), templates: new Map() };
				ofForm[form].set(schema, kept);
			}
			const next = kept.rule.next();
			if (next === "forget all") kept.templates.clear();
			if (next !== "keep") return;
			const template = templateOf(message);
			if (template !== undefined) kept.templates.set(bytes.toString("latin1"), template);
		},
	};
}

/** What is kept of one type. */
interface Kept {
	readonly rule: KeepRule;
	/** By their bytes, each a character. */
	readonly templates: Map<string, Template>;
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
