import { create, toBinary } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import type { FieldViolation } from "../../../failure.ts";
import { validateSpec } from "./spec-rules.ts";

/** The most that all annotations of one Wukong may hold, keys and values, in bytes of UTF-8. */
export const maxAnnotationBytes = 256 * 1024;

/**
 * The most that labels, annotations and spec of one Wukong may hold together, in bytes of binary
 * form. A page holds at least one Wukong, with its status, and gRPC clients refuse 4 MiB: one
 * that was too large could be listed by nobody.
 */
export const maxWukongBytes = 512 * 1024;

/**
 * Validates a Wukong as it would be stored: completeness, uniqueness and transitions. The values
 * that a field may hold by itself are checked by the contract's field rules. What an update leaves
 * as it was is not checked again: a field of spec is checked where it differs from `previous`.
 * @param next the merged result; credentials play no role.
 * @param previous the state before; undefined for a new Wukong.
 * @returns the violations with paths from the request's root; empty where all is well.
 */
export function validateWukong(next: Wukong, previous: Wukong | undefined): FieldViolation[] {
	return [
		...validateName(next, previous),
		...validateSpec(next.spec ?? create(WukongSpecSchema), previous?.spec),
		...validateAnnotations(next, previous),
		...validateSize(next, previous),
	];
}

function validateName(next: Wukong, previous: Wukong | undefined): FieldViolation[] {
	if (previous !== undefined || next.name !== "") return [];
	return [{ field: "wukong.name", description: "is required" }];
}

function validateAnnotations(next: Wukong, previous: Wukong | undefined): FieldViolation[] {
	const bytes = sizeOf(next.annotations);
	// An update is accepted that does not add to annotations that are too large already.
	if (bytes <= Math.max(maxAnnotationBytes, sizeOf(previous?.annotations ?? {}))) return [];
	const description = `must not hold more than ${maxAnnotationBytes} bytes in all`;
	return [{ field: "wukong.annotations", description }];
}

function validateSize(next: Wukong, previous: Wukong | undefined): FieldViolation[] {
	const bytes = contentBytes(next);
	// As with annotations.
	if (bytes <= Math.max(maxWukongBytes, previous === undefined ? 0 : contentBytes(previous))) {
		return [];
	}
	const description = `labels, annotations and spec must not hold more than ${maxWukongBytes} bytes in all`;
	return [{ field: "wukong", description }];
}

function contentBytes({ labels, annotations, spec }: Wukong): number {
	const content = spec === undefined ? { labels, annotations } : { labels, annotations, spec };
	return toBinary(WukongSchema, create(WukongSchema, content)).length;
}

function sizeOf(annotations: { readonly [key: string]: string }): number {
	let bytes = 0;
	for (const [key, value] of Object.entries(annotations)) {
		bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
	}
	return bytes;
}
