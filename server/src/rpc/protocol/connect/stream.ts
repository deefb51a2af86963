import type { ConnectError } from "@connectrpc/connect";
import { metadataFieldsOf } from "../../../http/fields.ts";
import { endStreamFlag, endStreamToJson } from "../../connect-internals.ts";
import { createEnvelope } from "../envelope.ts";
import type { StreamProtocol } from "../protocol.ts";
import { connectStreamFraming } from "./framing.ts";

/** Streams: a last message tells how they ended. */
export const connectStream: StreamProtocol = {
	...connectStreamFraming,
	failure(codec, error, { header, trailer }) {
		const headers = [
			"content-type",
			connectStreamFraming.contentType(codec),
			...metadataFieldsOf(header),
		];
		return { status: 200, headers, body: endStream(error, trailer) };
	},
	ending: (error, trailer) => ({ body: endStream(error, trailer) }),
};

function endStream(error: ConnectError | undefined, trailer: Headers | undefined): Buffer {
	const json = endStreamToJson(trailer ?? new Headers(), error, undefined);
	return createEnvelope(endStreamFlag, Buffer.from(JSON.stringify(json)));
}
