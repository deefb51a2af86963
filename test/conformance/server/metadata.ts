import { type Code, ConnectError } from "@connectrpc/connect";
import {
	type ConformancePayload_RequestInfo,
	ConformancePayload_RequestInfoSchema,
	type Header,
	type Error as ScriptedError,
} from "./protos.ts";

/** Adds the fields to headers or trailers, each value as one of its own. */
export function setFields(target: Headers, fields: readonly Header[] = []): void {
	for (const { name, value } of fields) {
		for (const one of value) target.append(name, one);
	}
}

/** The fields as a message; values of one name are joined, as fetch's Headers do. */
export function fieldsOf(source: Iterable<readonly [string, string]>) {
	return Array.from(source, ([name, value]) => ({ name, value: [value] }));
}

/**
 * The error that a script asks for.
 * @param info told back as its last detail, where no message told it before.
 */
export function scriptedError(
	{ code, message, details }: ScriptedError,
	info: ConformancePayload_RequestInfo | undefined,
): ConnectError {
	// The suite's own list of codes has connect's numbers.
	const error = new ConnectError(message ?? "", code as number as Code);
	for (const { typeUrl, value } of details) {
		error.details.push({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value });
	}
	if (info !== undefined) {
		error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
	}
	return error;
}
