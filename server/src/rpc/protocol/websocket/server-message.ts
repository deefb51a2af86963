import { createFraming, type Framing } from "../../codec/codec.ts";

const end = Buffer.from("]}");

/**
 * The part of an `events` message that all subscriptions share: encoded events, joined by commas,
 * and the end of the message. The id of the subscription stands before them.
 */
export const eventsFraming: Framing = createFraming("websocket", joinEvents, (frame) =>
	frame.subarray(0, -end.byteLength),
).json;

function joinEvents(encoded: readonly Uint8Array[]): Buffer {
	let length = end.byteLength;
	for (const { byteLength } of encoded) length += byteLength + 1;
	const bytes = Buffer.allocUnsafe(length - 1);
	let at = 0;
	for (const json of encoded) {
		if (at > 0) bytes[at++] = 0x2c;
		bytes.set(json, at);
		at += json.byteLength;
	}
	bytes.set(end, at);
	return bytes;
}

/** Creates the beginning of an `events` message. */
export function createEventsHead(id: string): string {
	return `{"type":"events","id":${JSON.stringify(id)},"events":[`;
}

/** What a `status` message says besides its status. */
export interface StatusFields {
	/** Id of the subscription. */
	readonly id: string;
	/** Under which the log has the call. */
	readonly requestId: string;
}

/**
 * Creates the last message of a subscription.
 * @param status JSON of the contract's Status
 */
export function createStatusMessage({ id, requestId }: StatusFields, status: string): string {
	const names = JSON.stringify({ type: "status", id, requestId });
	return `${names.slice(0, -1)},"status":${status}}`;
}

/** Status of a stream that is complete. */
export const completeStatus = '{"code":0,"reason":"","message":"","details":[]}';
