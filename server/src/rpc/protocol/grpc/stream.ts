import type { ConnectError } from "@connectrpc/connect";
import { type HeaderFields, metadataFieldsOf } from "../../../http/fields.ts";
import type { StreamProtocol } from "../protocol.ts";
import { statusTrailer } from "../trailer-status.ts";
import { grpcFraming } from "./framing.ts";

const succeeded: HeaderFields = ["grpc-status", "0"];

/** HTTP trailers tell how a call ended. */
export const grpcStream: StreamProtocol = {
	...grpcFraming,
	// "Trailers-Only" where it can be: in two frames, a client that reads the first may break off
	// before the second. What the implementation set as headers has to stay apart from the trailers.
	failure(codec, error, { header, trailer }) {
		const headers = ["content-type", grpcFraming.contentType(codec), ...metadataFieldsOf(header)];
		const trailers = metadataFieldsOf(statusTrailer(error, trailer));
		return header === undefined
			? { status: 200, headers: [...headers, ...trailers] }
			: { status: 200, headers, trailers };
	},
	ending: (error, trailer) => ({ trailers: trailersOf(error, trailer) }),
};

function trailersOf(error: ConnectError | undefined, trailer: Headers | undefined): HeaderFields {
	if (error === undefined && trailer === undefined) return succeeded;
	return metadataFieldsOf(statusTrailer(error, trailer));
}
