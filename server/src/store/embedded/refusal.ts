import { ErrorReason } from "@novasphere/wukong-gen/error";
import { Failure } from "../../failure.ts";
import type { WukongRef } from "../../resource/wukong-ref.ts";

/** WUKONG_ALREADY_EXISTS */
export function alreadyExists({ namespace, name }: WukongRef): Failure {
	const message = `there is a Wukong "${name}" in namespace "${namespace}" already`;
	return new Failure(ErrorReason.WUKONG_ALREADY_EXISTS, message, { wukong: { namespace, name } });
}

/** REQUEST_ID_REUSED */
export function requestIdReused({ namespace, name }: WukongRef): Failure {
	const message = `the Wukong "${name}" was created under this request_id with other content`;
	return new Failure(ErrorReason.REQUEST_ID_REUSED, message, { wukong: { namespace, name } });
}

/** UPSTREAM_UNAVAILABLE: the store is not open yet. */
export function notLoaded(): Failure {
	return new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "the store is not loaded yet", {
		retryAfterMs: 1_000,
	});
}

/** SHUTTING_DOWN: the store is not open any more. */
export function closed(): Failure {
	return new Failure(ErrorReason.SHUTTING_DOWN, "the store is closed; nothing was written", {
		retryAfterMs: 1_000,
	});
}
