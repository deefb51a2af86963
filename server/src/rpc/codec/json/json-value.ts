import type { JsonValue } from "@bufbuild/protobuf";
import { JsonFault } from "./json-fault.ts";
import type { JsonText } from "./json-text.ts";

/**
 * Steps over any value and makes what `JSON.parse` makes of it; null in a trial. Names that come
 * twice and numbers that JavaScript has no room for are refused.
 */
export function readJsonValue(text: JsonText): JsonValue {
	if (text.isTrial) {
		skipJsonValue(text);
		return null;
	}
	switch (text.next()) {
		case "object":
			return readObject(text);
		case "list":
			return readList(text);
		case "string":
			return text.takeString() as string;
		case "number": {
			const number = Number(text.takeNumber());
			if (!Number.isFinite(number)) throw new JsonFault("value", "holds a number out of range");
			return number;
		}
		case "null":
			text.takeNull();
			return null;
		default:
			return text.takeBool() as boolean;
	}
}

/** Steps over any value. */
export function skipJsonValue(text: JsonText): void {
	switch (text.next()) {
		case "object":
			if (!text.openObject()) break;
			do {
				text.countEntry();
				text.takeName();
				skipJsonValue(text);
			} while (text.hasMember());
			break;
		case "list":
			if (!text.openList()) break;
			do {
				text.countEntry();
				skipJsonValue(text);
			} while (text.hasItem());
			break;
		case "string":
			text.takeString();
			break;
		case "number":
			text.takeNumber();
			break;
		case "null":
			text.takeNull();
			break;
		default:
			text.takeBool();
	}
}

function readList(text: JsonText): JsonValue[] {
	const items: JsonValue[] = [];
	if (!text.openList()) return items;
	do {
		text.countEntry();
		items.push(readJsonValue(text));
	} while (text.hasItem());
	return items;
}

function readObject(text: JsonText): { [name: string]: JsonValue } {
	const object: { [name: string]: JsonValue } = {};
	if (!text.openObject()) return object;
	do {
		text.countEntry();
		const name = text.takeName();
		if (Object.hasOwn(object, name)) throw new JsonFault("value", "has a name twice");
		setOwn(object, name, readJsonValue(text));
	} while (text.hasMember());
	return object;
}

/** Sets a property of its own, `__proto__` too. */
export function setOwn(target: object, name: string, value: unknown): void {
	if (name === "__proto__") {
		const descriptor = { value, configurable: true, enumerable: true, writable: true };
		Object.defineProperty(target, name, descriptor);
	} else (target as Record<string, unknown>)[name] = value;
}
