/**
 * Typed client of WukongService for browsers and Node: calls, watches and live lists, over Connect
 * by default.
 *
 * @module
 */
export { toJson } from "@bufbuild/protobuf";
export { timestampDate } from "@bufbuild/protobuf/wkt";
export * from "../gen/novasphere/v1/error_pb.js";
export * from "../gen/novasphere/v1/wukong_pb.js";
export * from "../gen/novasphere/v1/wukong_service_pb.js";
export type {
	CallOptions,
	Calls,
	CreateOptions,
	ListQuery,
	PreconditionOptions,
	RestartOptions,
	StopOptions,
	UpdateOptions,
	WriteOptions,
	WukongInit,
} from "./calls.ts";
export * from "./client.ts";
export {
	type FieldViolation,
	fieldViolations,
	isAlreadyExists,
	isCanceled,
	isConflict,
	isCut,
	isDeadlineExceeded,
	isFailedPrecondition,
	isForbiddenOrigin,
	isInvalid,
	isLimited,
	isNetworkError,
	isNotFound,
	isPermissionDenied,
	isRetryable,
	isUnauthenticated,
	isUnavailable,
	reasonOf,
	retryAfterMs,
} from "./errors.ts";
export type { BackoffTimes } from "./live/backoff.ts";
export type { Clock, Environment, NetworkNews, Timer } from "./live/environment.ts";
export type { LiveList, Unsubscribe } from "./live/live-list.ts";
export type { WatchQuery } from "./live/query.ts";
export type { LiveSnapshot } from "./live/snapshot.ts";
export type { LiveCondition, LiveStatus } from "./live/status.ts";
export { type Change, keyOf } from "./live/watch-state.ts";
export { type OptimisticOptions, optimistic } from "./optimistic/index.ts";
export type { TokenRequest, TokenSource } from "./token.ts";
export type { WaitCondition, WaitOptions } from "./wait-for.ts";
export type { Watch, WatchEvent, WatchOptions } from "./watch.ts";
export { isStuck, type Ref, wukongToJson } from "./wukong.ts";
