import { PassThrough } from "node:stream";
import fc from "fast-check";
import { collectBody, createStreamSource } from "../../server/src/http/request-body.ts";
import {
	createEnvelopeBody,
	envelopePrefixBytes,
	readAnnouncedBytes,
} from "../../server/src/rpc/protocol/envelope.ts";
import { brokenFraming } from "../../server/src/rpc/refusals.ts";
import { envelope } from "../hostile/wire-bytes.ts";
import { claim, cutAt, cuts, fuzzTarget, mutated } from "./target.ts";

const maxMessageBytes = 64;
const message = fc.uint8Array({ maxLength: 80 });
const body = fc.oneof(
	message,
	mutated(fc.tuple(message, fc.nat(255)).map(([bytes, flags]) => envelope(bytes, flags))),
);
const maxBytes = maxMessageBytes + envelopePrefixBytes;
const limit = { maxBytes, declaredBytes: undefined, readAnnouncedBytes };
const layout = createEnvelopeBody(() => brokenFraming("an envelope has unknown flags"));

/** A body is taken or refused the same however it is cut, and nothing but its message is taken. */
export const envelopes = fuzzTarget(
	"envelopes",
	fc.record({ bytes: body, cuts, hasEncoding: fc.boolean() }),
	async ({ bytes, cuts: places, hasEncoding }) => {
		const source = new PassThrough();
		let collected: Buffer | undefined | "pending" = "pending";
		collectBody(createStreamSource(source), limit, (result) => {
			claim("told once", collected === "pending");
			collected = result;
		});
		for (const chunk of cutAt(bytes, places)) source.write(chunk);
		source.end();
		while (collected === "pending") await new Promise((resolve) => setImmediate(resolve));
		const promised = bytes.byteLength < 5 ? 0 : Buffer.from(bytes).readUInt32BE(1);
		const isTooLarge = promised > maxMessageBytes || bytes.byteLength > maxMessageBytes + 5;
		claim("refused for its size, or not", isTooLarge === (collected === undefined));
		if (collected === undefined) return;
		claim("no byte is lost", Buffer.compare(collected, bytes) === 0);
		const opened = layout.open(collected, hasEncoding);
		if ("bytes" in opened) claim("the message alone", opened.bytes.equals(bytes.subarray(5)));
	},
);
