import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { JsonText } from "./json-text.ts";

/** Reads messages of one type. */
export interface MessageReader {
	/** The type has a JSON form of its own, which an Any holds as its `value`. */
	readonly isWellKnown: boolean;
	/**
	 * Steps over one message and makes it; undefined in a trial.
	 *
	 * @param isInAny the name `@type` is no field's, and passed over
	 * @throws JsonFault
	 */
	read(text: JsonText, isInAny?: boolean): Message | undefined;
}

/** Finds the one reader of a type. */
export type ReaderOf = (schema: DescMessage) => MessageReader;
