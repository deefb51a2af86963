import { type Code, ConnectError } from "@connectrpc/connect";
import type { ErrorReason } from "@novasphere/wukong-gen/error";
import type { FieldViolation } from "../failure.ts";
import { endStreamFlag, errorToJson, setTrailerStatus } from "./connect-internals.ts";
import { createEnvelope } from "./envelope.ts";
import { type Exchange, headerOf } from "./exchange.ts";
import type { Fields } from "./fields.ts";
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
	readonly headers?: Fields;
	/** When to try again; undefined: no sooner than with another request. */
	readonly retryAfterMs?: number;
	/** Which fields of the request are at fault. */
	readonly violations?: readonly FieldViolation[];
	/** Callers who speak gRPC, gRPC-Web or Connect's streams get this error in that form, not as an HTTP status. */
	readonly inProtocol?: boolean;
	/** A matter of HTTP and of no RPC protocol: Connect's callers get text, and read the code from the status. */
	readonly isBare?: boolean;
}

/** What the contract of the services adds to the error of a refusal. */
export type RefusalDetails = (
	refusal: Refusal,
) => NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

/**
 * Answers with a refusal in the form that the caller's content type asks for:
 * gRPC and gRPC-Web in headers alone ("trailers-only"), Connect streams in an
 * end-of-stream message, all others as text or as Connect's JSON error.
 *
 * @returns the HTTP status that was sent.
 */
export function writeRefusal(
	exchange: Exchange,
	refusal: Refusal,
	{ common, detailsOf }: { readonly common: Fields; readonly detailsOf: RefusalDetails },
): number {
	const form = formFor(exchange, refusal, createRefusalError(refusal, detailsOf));
	exchange.writeHead({
		status: form.status,
		headers: [
			...common,
			"cache-control",
			"no-store",
			"x-content-type-options",
			"nosniff",
			...(refusal.headers ?? []),
			...form.headers,
			...(form.body.byteLength > 0 ? ["content-length", String(form.body.byteLength)] : []),
		],
	});
	if (exchange.method !== "HEAD") exchange.write(form.body);
	exchange.end();
	return form.status;
}

/** The error that callers get for a refusal. */
export function createRefusalError(refusal: Refusal, detailsOf: RefusalDetails): ConnectError {
	return new ConnectError(refusal.message, refusal.code, undefined, detailsOf(refusal));
}

interface Form {
	readonly status: number;
	readonly headers: Fields;
	readonly body: Uint8Array;
}

function formFor(exchange: Exchange, refusal: Refusal, error: ConnectError): Form {
	const type = headerOf(exchange, "content-type")?.toLowerCase() ?? "";
	const inProtocol = refusal.inProtocol === true && exchange.method === "POST";
	if (/^application\/grpc(?:-web(?:-text)?)?(?:$|[+; ])/.test(type)) {
		const fields = [
			...setTrailerStatus(new Headers({ "content-type": grpcAnswerType(type) }), error),
		].flat();
		return {
			status: inProtocol ? 200 : refusal.httpStatus,
			headers: fields,
			body: new Uint8Array(),
		};
	}
	if (refusal.isBare === true) {
		return {
			status: refusal.httpStatus,
			headers: ["content-type", "text/plain; charset=utf-8"],
			body: new TextEncoder().encode(`${refusal.message}\n`),
		};
	}
	const json = errorToJson(error, undefined);
	if (inProtocol && /^application\/connect\+(?:json|proto)/.test(type)) {
		return {
			status: 200,
			headers: ["content-type", type.split(";")[0] as string],
			body: createEnvelope(endStreamFlag, encode({ error: json })),
		};
	}
	return {
		status: refusal.httpStatus,
		headers: ["content-type", "application/json"],
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
