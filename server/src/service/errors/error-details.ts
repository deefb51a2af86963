import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import {
	BadRequest_FieldViolationSchema,
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "@novasphere/wukong-gen/error-details";
import type { FieldViolation } from "../../failure.ts";
import { maxFieldPathLength } from "../../resource/field-path.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { truncate, truncateToBytes } from "./truncate.ts";

const maxDescriptionBytes = 1_024;
const maxMetadataBytes = 253;
/**
 * Bytes for violations. All details together stay below 4 KiB, because gRPC sends them base64
 * encoded in a trailer and many peers refuse more than 8 KiB of these.
 */
const maxViolationsBytes = 3 * 1_024;

type Detail = NonNullable<ConstructorParameters<typeof ConnectError>[3]>[number];

/** The google.rpc.ErrorInfo of a failure. */
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

/** The google.rpc.BadRequest with as many violations as fit, the first ones first. */
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

/** Tag and length before each violation. */
const framingBytes = 3;

/** The google.rpc.RetryInfo: worth trying again after `retryAfterMs`. */
export function retryInfo(retryAfterMs: number): Detail {
	return { desc: RetryInfoSchema, value: { retryDelay: durationFromMs(retryAfterMs) } };
}
