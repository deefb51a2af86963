import { fromBinary, fromJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type WukongEvent, WukongEventSchema } from "@novasphere/wukong-gen/wukong-service";
import { createEnvelopeReader } from "../../bench/load/envelope.ts";

/** Reads an event in JSON. */
export const decodeJson = remembering((bytes) =>
	fromJson(WukongEventSchema, JSON.parse(bytes.toString("utf8"))),
);
/** Reads an event in binary form. */
export const decodeBinary = remembering((bytes) => fromBinary(WukongEventSchema, bytes));

/** The events of a body, then the error that ends each watch. */
export async function* readEvents(
	body: AsyncIterable<Buffer>,
	form: {
		readonly decode: (bytes: Buffer) => WukongEvent;
		/** @param bytes the last envelope, where the protocol has one */
		readonly readEnd: (bytes: Buffer) => ConnectError | undefined;
	},
): AsyncGenerator<WukongEvent> {
	let events: WukongEvent[] = [];
	let last: Buffer = Buffer.alloc(0);
	const read = createEnvelopeReader({
		collects: () => true,
		message(flags, bytes = Buffer.alloc(0)) {
			if (flags === 0) events.push(form.decode(bytes));
			else last = bytes;
		},
	});
	for await (const chunk of body) {
		read(chunk);
		yield* events;
		events = [];
	}
	throw form.readEnd(last) ?? new ConnectError("the stream broke off", Code.Unknown);
}

/** Messages that are remembered at most. */
const maxRemembered = 1_000;

function remembering(decode: (bytes: Buffer) => WukongEvent): (bytes: Buffer) => WukongEvent {
	const known = new Map<string, WukongEvent>();
	return (bytes) => {
		const key = bytes.toString("latin1");
		let event = known.get(key);
		if (event === undefined) {
			event = decode(bytes);
			if (known.size === maxRemembered) known.clear();
			known.set(key, event);
		}
		return event;
	};
}
