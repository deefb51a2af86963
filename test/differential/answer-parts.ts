import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { endStreamFlag, endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { trailerFlag, trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import type { Answer } from "../hostile/answer.ts";

/** One message of an answer. */
export interface AnswerMessage {
	readonly bytes: Buffer;
	readonly isCompressed: boolean;
}

/** What an answer is made of, whichever protocol put it together. */
export interface AnswerParts {
	readonly messages: readonly AnswerMessage[];
	/** Behind the messages: HTTP's, gRPC-Web's, or Connect's of a stream. */
	readonly trailers: ReadonlyMap<string, string>;
	/** The envelopes end where the body does. */
	readonly isSound: boolean;
}

/** Takes an answer with envelopes apart. */
export function openEnvelopes(
	{ body, trailers }: Answer,
	encoding: string | undefined,
): AnswerParts {
	const messages: AnswerMessage[] = [];
	let behind = trailers;
	let at = 0;
	while (at + 5 <= body.byteLength) {
		const flags = body.readUInt8(at);
		const end = at + 5 + body.readUInt32BE(at + 1);
		const isCompressed = (flags & 1) !== 0;
		const bytes = decompress(body.subarray(at + 5, end), isCompressed ? encoding : undefined);
		if ((flags & endStreamFlag) !== 0) behind = new Map(endStreamFromJson(bytes).metadata);
		else if ((flags & trailerFlag) !== 0) behind = new Map(trailerParse(bytes));
		else messages.push({ bytes, isCompressed });
		at = end;
	}
	return { messages, trailers: behind, isSound: at === body.byteLength };
}

/** Undoes a compression; undefined: there is none. */
export function decompress(bytes: Buffer, encoding: string | undefined): Buffer {
	switch (encoding) {
		case undefined:
			return bytes;
		case "gzip":
			return gunzipSync(bytes);
		case "br":
			return brotliDecompressSync(bytes);
		default:
			throw new Error(`no such compression: ${encoding}`);
	}
}
