/**
 * Typed client of WukongService for browsers, over Connect by default.
 *
 * @module
 */
export * from "@novasphere/wukong-gen/error";
export * from "@novasphere/wukong-gen/wukong";
export * from "@novasphere/wukong-gen/wukong-service";
export * from "./client.ts";
export {
	type FieldViolation,
	fieldViolations,
	isAlreadyExists,
	isConflict,
	isCut,
	isFailedPrecondition,
	isForbiddenOrigin,
	isInvalid,
	isLimited,
	isNetworkError,
	isNotFound,
	isRetryable,
	isUnavailable,
	reasonOf,
	retryAfterMs,
} from "./errors.ts";
export type { WatchOptions, WatchQuery } from "./watch.ts";
