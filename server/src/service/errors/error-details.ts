import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import {
	BadRequest_FieldViolationSchema,
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "@novasphere/wukong-gen/error-details";
import { errorDomain, type FieldViolation, reasonName } from "../../failure.ts";
import { maxFieldPathLength } from "../../resource/field-path.ts";
import type { ObjectRef } from "../../resource/object.ts";
import type { Refusal } from "../../rpc/refusals.ts";
import { reasonOfConnectCode } from "./error-codes.ts";
import { truncate, truncateToBytes } from "./truncate.ts";

const maxDescriptionBytes = 1_024;
const maxMetadataBytes = 253;
/**
 * Most bytes for violations. All details together stay below 4 KiB, because gRPC sends them base64
 * encoded in a trailer and many peers refuse more than 8 KiB of these.
 */
const maxViolationsBytes = 3 * 1_024;

type Detail = NonNullable<ConstructorParameters<typeof ConnectError>[3]>[number];

/** Creates the google.rpc.ErrorInfo of a failure. */
export function errorInfo(info: {
	readonly reason: string;
	readonly domain: string;
	readonly wukong: ObjectRef | undefined;
}): Detail {
	const metadata: Record<string, string> = {};
	if (info.wukong !== undefined) {
		metadata.namespace = truncateToBytes(info.wukong.namespace, maxMetadataBytes);
		metadata.name = truncateToBytes(info.wukong.name, maxMetadataBytes);
	}
	return { desc: ErrorInfoSchema, value: { reason: info.reason, domain: info.domain, metadata } };
}

/** Creates the google.rpc.BadRequest with as many violations as fit, the first ones first. */
export function badRequest(violations: readonly FieldViolation[]): Detail {
	const fieldViolations = [];
	let bytes = 0;
	for (const violation of violations) {
		const entry = create(BadRequest_FieldViolationSchema, {
			field: truncate(violation.field, maxFieldPathLength),
			description: truncateToBytes(violation.description, maxDescriptionBytes),
		});
		bytes += toBinary(BadRequest_FieldViolationSchema, entry).length + framingBytes;
		if (bytes > maxViolationsBytes) break;
		fieldViolations.push(entry);
	}
	return { desc: BadRequestSchema, value: { fieldViolations } };
}

/** Bytes of tag and length before each violation. */
const framingBytes = 3;

/** Creates the google.rpc.RetryInfo: a retry is of use after `retryAfterMs`. */
export function retryInfo(retryAfterMs: number): Detail {
	return { desc: RetryInfoSchema, value: { retryDelay: durationFromMs(retryAfterMs) } };
}

/**
 * Returns the details of a request that was refused before any interceptor saw it: ErrorInfo,
 * BadRequest where fields are at fault, RetryInfo where waiting helps.
 */
export function refusalDetails(refusal: Refusal): Detail[] {
	const reason = reasonName(reasonOf(refusal));
	const details = [errorInfo({ reason, domain: errorDomain, wukong: undefined })];
	if (refusal.violations !== undefined) details.push(badRequest(refusal.violations));
	if (refusal.retryAfterMs !== undefined) details.push(retryInfo(refusal.retryAfterMs));
	return details;
}

/** Maps cause and code to the contract's reason: both a large request and too many are RESOURCE_EXHAUSTED. */
function reasonOf({ cause, code, reason }: Refusal): ErrorReason {
	if (reason !== undefined) return reason;
	if (cause === "unread" || cause === "subscriptions") return ErrorReason.TOO_MANY_REQUESTS;
	return reasonOfConnectCode(code) ?? ErrorReason.INTERNAL;
}
