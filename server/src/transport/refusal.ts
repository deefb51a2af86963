import { type Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, endStreamFlag, errorToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { ErrorReason } from "@novasphere/wukong-gen/error";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { errorDomain, reasonName } from "../failure.ts";
import { type Exchange, headerOf } from "./exchange.ts";
import type { RefusalCause } from "./observer.ts";

/** Why a request goes no further, in the contract's terms. */
export interface Refusal {
	readonly cause: RefusalCause;
	/** For plain HTTP callers. */
	readonly httpStatus: number;
	readonly code: Code;
	readonly reason: ErrorReason;
	/** For people; nothing of the caller's own text. */
	readonly message: string;
	readonly headers?: readonly (readonly [string, string])[];
	/** Callers who speak an RPC protocol get this error in that protocol's form, not as an HTTP status. */
	readonly inProtocol?: boolean;
}

/**
 * Answers with a refusal in the form that the caller's content type asks for:
 * gRPC and gRPC-Web in headers alone ("trailers-only"), Connect streams in an
 * end-of-stream message, all others as Connect's JSON error.
 *
 * @returns the HTTP status that was sent.
 */
export function writeRefusal(
	exchange: Exchange,
	refusal: Refusal,
	common: readonly (readonly [string, string])[],
): number {
	const error = new ConnectError(refusal.message, refusal.code, undefined, [
		{
			desc: ErrorInfoSchema,
			value: { reason: reasonName(refusal.reason), domain: errorDomain },
		},
	]);
	const form = formFor(exchange, refusal, error);
	exchange.writeHead({
		status: form.status,
		headers: [
			...common,
			["cache-control", "no-store"],
			["x-content-type-options", "nosniff"],
			...(refusal.headers ?? []),
			...form.headers,
			...(form.body.byteLength > 0
				? [["content-length", String(form.body.byteLength)] as const]
				: []),
		],
	});
	if (exchange.method !== "HEAD") exchange.write(form.body);
	exchange.end();
	return form.status;
}

interface Form {
	readonly status: number;
	readonly headers: readonly (readonly [string, string])[];
	readonly body: Uint8Array;
}

function formFor(exchange: Exchange, refusal: Refusal, error: ConnectError): Form {
	const type = headerOf(exchange, "content-type")?.toLowerCase() ?? "";
	const inProtocol = refusal.inProtocol === true && exchange.method === "POST";
	if (/^application\/grpc(?:-web(?:-text)?)?(?:$|[+; ])/.test(type)) {
		const fields = [
			...setTrailerStatus(new Headers({ "content-type": grpcAnswerType(type) }), error),
		];
		return {
			status: inProtocol ? 200 : refusal.httpStatus,
			headers: fields,
			body: new Uint8Array(),
		};
	}
	const json = errorToJson(error, undefined);
	if (inProtocol && /^application\/connect\+(?:json|proto)/.test(type)) {
		return {
			status: 200,
			headers: [["content-type", type.split(";")[0] as string]],
			body: encodeEnvelope(endStreamFlag, encode({ error: json })),
		};
	}
	const isConnectUnary = /^application\/(?:json|proto)/.test(type);
	return {
		status: inProtocol && isConnectUnary ? codeToHttpStatus(refusal.code) : refusal.httpStatus,
		headers: [["content-type", "application/json"]],
		body: encode(json),
	};
}

function grpcAnswerType(requestType: string): string {
	return requestType.startsWith("application/grpc-web")
		? "application/grpc-web+proto"
		: "application/grpc+proto";
}

function encode(json: unknown): Uint8Array {
	return new TextEncoder().encode(JSON.stringify(json));
}
