import { Code, ConnectError } from "@connectrpc/connect";
import {
	endStreamFlag,
	endStreamFromJson,
	errorFromJson,
} from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { decompress } from "../differential/answer-parts.ts";
import { errorOf as errorOfStatus } from "../support/plain-watch.ts";
import type { Answer } from "./answer.ts";

/** The error in an answer, as a client of its protocol reads it; undefined where it succeeded. */
export function errorOf(answer: Answer): ConnectError | undefined {
	const type = answer.headers.get("content-type") ?? "";
	if (type.startsWith("application/grpc-web")) return webError(answer, type);
	if (type.startsWith("application/grpc")) return grpcError(answer);
	if (type.startsWith("application/connect+")) return endOfStream(answer.body);
	if (answer.status < 400) return undefined;
	const json = JSON.parse(answer.body.toString());
	// REST has gRPC's number where Connect has a word.
	if (typeof json.code === "number") return errorOfStatus(json);
	const fallback = new ConnectError("no error in the body", Code.Unknown);
	return errorFromJson(json, undefined, fallback);
}

function grpcError({ headers, trailers }: Answer): ConnectError | undefined {
	const fields = trailers.has("grpc-status") ? trailers : headers;
	const [name, value] = ["grpc-status", fields.get("grpc-status")];
	if (value === undefined) return new ConnectError(`no ${name}`, Code.Unknown);
	return findTrailerError(new Headers([...fields].filter(([key]) => key.startsWith("grpc-"))));
}

/**
 * The trailers lie in the body's last envelope, in text each piece in base64 of its own. connect's
 * own handlers compress long ones.
 */
function webError({ headers, body }: Answer, type: string): ConnectError | undefined {
	const text = body.toString("latin1");
	const pieces = text.match(/[^=]+={0,2}/g) ?? [];
	const bytes = type.includes("-text")
		? Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")))
		: body;
	for (let at = 0; at + 5 <= bytes.byteLength; at += 5 + bytes.readUInt32BE(at + 1)) {
		const flags = bytes.readUInt8(at);
		if ((flags & trailerFlag) === 0) continue;
		const block = bytes.subarray(at + 5, at + 5 + bytes.readUInt32BE(at + 1));
		const encoding = (flags & 1) === 0 ? undefined : headers.get("grpc-encoding");
		return findTrailerError(trailerParse(decompress(block, encoding)));
	}
	return new ConnectError("no trailers", Code.Unknown);
}

function endOfStream(body: Buffer): ConnectError | undefined {
	for (let at = 0; at + 5 <= body.byteLength; at += 5 + body.readUInt32BE(at + 1)) {
		const message = body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1));
		if ((body.readUInt8(at) & endStreamFlag) !== 0) return endStreamFromJson(message).error;
	}
	return undefined;
}
