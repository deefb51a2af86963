import { metadataFieldsOf } from "../../../http/fields.ts";
import { codeToHttpStatus, errorToJson } from "../../connect-internals.ts";
import { envelopePrefixBytes } from "../envelope.ts";
import { withErrorMetadata } from "../error-metadata.ts";
import type { Answer, Metadata, UnaryProtocol } from "../protocol.ts";
import { connectUnaryFraming } from "./framing.ts";

/** Unary calls and their GET form: an HTTP answer with an HTTP status. */
export const connectUnary: UnaryProtocol = {
	...connectUnaryFraming,
	answer(codec, { envelope, encoding }, metadata) {
		const headers = ["content-type", connectUnaryFraming.contentType(codec)];
		if (encoding !== undefined) headers.push("content-encoding", encoding);
		return withBody(200, headers, { metadata, body: envelope.subarray(envelopePrefixBytes) });
	},
	failure(_form, error, metadata) {
		const body = Buffer.from(JSON.stringify(errorToJson(error, undefined)));
		const header = withErrorMetadata(metadata.header, error);
		return withBody(codeToHttpStatus(error.code), ["content-type", "application/json"], {
			metadata: { ...metadata, header },
			body,
		});
	},
};

function withBody(
	status: number,
	headers: string[],
	{ metadata, body }: { readonly metadata: Metadata; readonly body: Uint8Array },
): Answer {
	headers.push(...metadataFieldsOf(metadata.header));
	// There are no HTTP trailers here: they go ahead, under other names.
	const trailers = metadataFieldsOf(metadata.trailer);
	for (let i = 0; i < trailers.length; i += 2) {
		headers.push(`trailer-${trailers[i]}`, trailers[i + 1] as string);
	}
	return { status, headers, body };
}
