/**
 * Typed client of WukongService for browsers, over Connect by default.
 *
 * @module
 */
export * from "../gen/novasphere/v1/error_pb.js";
export * from "../gen/novasphere/v1/wukong_pb.js";
export * from "../gen/novasphere/v1/wukong_service_pb.js";
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
