import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { FieldViolation } from "../../../failure.ts";
import type { Encoder } from "../../codec/codec.ts";

/** Entity tags of what a service answers with (RFC 9110, 8.8.3). */
export interface EntityTags {
	/**
	 * Returns the tag of a response message, without its quotes: it differs wherever anything that a
	 * caller sees does. undefined: it has none.
	 */
	tagOf(response: Message, encoder: Encoder): string | undefined;
	/**
	 * Puts the precondition of If-Match into a request.
	 * @param tag without its quotes
	 * @returns what is wrong; "none": the request has no place for a precondition
	 */
	require(request: Message, tag: string): FieldViolation | "none" | undefined;
	/** Checks whether If-Match accepts a state that is only read. */
	matches(response: Message, tag: string): boolean;
	/** Creates the error of a read whose If-Match names another state. */
	createMismatch(): ConnectError;
}

/** Tags of a list, or `*`. */
export type TagList = "*" | readonly string[];

/**
 * Parses If-Match or If-None-Match to the tags without their quotes (RFC 9110, 13.1). Weak ones are
 * taken as they are: a proxy that compresses makes them so.
 * @returns undefined where the list is malformed
 */
export function parseTags(text: string): TagList | undefined {
	const list = text.trim();
	if (list === "*") return "*";
	const tags: string[] = [];
	const pattern = /[\t ]*(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(,|$)/y;
	while (pattern.lastIndex < list.length) {
		const match = pattern.exec(list);
		if (match === null) return undefined;
		tags.push(match[1] as string);
	}
	return tags.length === 0 || list.endsWith(",") ? undefined : tags;
}
