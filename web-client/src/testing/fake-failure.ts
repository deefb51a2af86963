import { create } from "@bufbuild/protobuf";
import { type Code, ConnectError } from "@connectrpc/connect";
import {
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.js";
import type { ErrorReason } from "../../gen/novasphere/v1/error_pb.js";
import type { FieldViolation } from "../errors.ts";

/** What a failure of the service says besides. */
export interface FailureDetails {
	/** When to try again, in milliseconds. */
	readonly retryAfterMs?: number;
	/** The fields at fault. */
	readonly violations?: readonly FieldViolation[];
}

/**
 * A failure as the service sends it: a code, and a reason of the contract.
 *
 * @example fake.fail(failure(Code.Unavailable, "SHUTTING_DOWN", { retryAfterMs: 1_000 }));
 */
export function failure(
	code: Code,
	reason: keyof typeof ErrorReason,
	{ retryAfterMs, violations }: FailureDetails = {},
): ConnectError {
	const info = create(ErrorInfoSchema, { reason, domain: "novasphere.dev" });
	const retry = create(RetryInfoSchema, {
		retryDelay: {
			seconds: BigInt(Math.floor((retryAfterMs ?? 0) / 1_000)),
			nanos: ((retryAfterMs ?? 0) % 1_000) * 1_000_000,
		},
	});
	const bad = create(BadRequestSchema, { fieldViolations: [...(violations ?? [])] });
	return new ConnectError(reason.toLowerCase().replaceAll("_", " "), code, undefined, [
		{ desc: ErrorInfoSchema, value: info },
		...(retryAfterMs === undefined ? [] : [{ desc: RetryInfoSchema, value: retry }]),
		...(violations === undefined ? [] : [{ desc: BadRequestSchema, value: bad }]),
	]);
}
