import type { DescMessage, JsonObject } from "@bufbuild/protobuf";
import fc from "fast-check";
import { type Codec, messageBytes, soundMessage } from "./message-bytes.ts";
import {
	notPacked,
	oneEnvelope,
	type Packing,
	packing,
	type Wrapping,
	wrapping,
} from "./packed.ts";

/** What a request carries, before it is put into its body or query. */
export interface Content {
	readonly message: Buffer;
	readonly packed: Packing;
	readonly wrap: Wrapping;
	/**
	 * Its deadline has passed when it comes. Nothing else is wrong with it then: which of two faults
	 * is seen first would be a matter of turns of the event loop.
	 */
	readonly isExpired: boolean;
}

/**
 * Contents of requests to one method, in one form.
 * @param messages the first one is such that the service fulfils it
 */
export function contents(
	schema: DescMessage,
	form: Codec,
	messages: readonly JsonObject[],
): fc.Arbitrary<Content> {
	return fc.oneof(
		{
			weight: 19,
			arbitrary: fc.record({
				message: messageBytes(schema, form, messages),
				packed: packing,
				wrap: wrapping,
				isExpired: fc.constant(false),
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({
				message: soundMessage(schema, form, messages.slice(0, 1)),
				packed: fc.constant(notPacked),
				wrap: fc.constant(oneEnvelope),
				isExpired: fc.constant(true),
			}),
		},
	);
}
