import { ErrorReason } from "@novasphere/wukong-gen/error";
import { Failure, type FieldViolation, violationsMessage } from "../../failure.ts";
import type { ObjectRef } from "../object.ts";

/** Creates the failure of a call that names a VM which does not exist: WUKONG_NOT_FOUND. */
export function wukongNotFound({ namespace, name }: ObjectRef): Failure {
	const message = `there is no Wukong ${name} in namespace ${namespace}`;
	return new Failure(ErrorReason.WUKONG_NOT_FOUND, message, { object: { namespace, name } });
}

/** Creates the failure of a creation under a name that is in use: WUKONG_ALREADY_EXISTS. */
export function wukongAlreadyExists({ namespace, name }: ObjectRef): Failure {
	const message = `there is a Wukong ${name} in namespace ${namespace} already`;
	return new Failure(ErrorReason.WUKONG_ALREADY_EXISTS, message, { object: { namespace, name } });
}

/** Creates the failure of a creation whose request_id stands for another one: REQUEST_ID_REUSED. */
export function requestIdReused({ namespace, name }: ObjectRef): Failure {
	const message = `the Wukong ${name} was created under this request_id with other content`;
	return new Failure(ErrorReason.REQUEST_ID_REUSED, message, { object: { namespace, name } });
}

/** Creates the failure of an action on a VM that does not run: WUKONG_NOT_RUNNING. */
export function wukongNotRunning({ namespace, name }: ObjectRef): Failure {
	const message = `the Wukong ${name} does not run`;
	return new Failure(ErrorReason.WUKONG_NOT_RUNNING, message, { object: { namespace, name } });
}

/**
 * Creates the failure of an action that the store or its cluster cannot do: NOT_SUPPORTED.
 * @param message for people; our own words
 */
export function notSupported({ namespace, name }: ObjectRef, message: string): Failure {
	return new Failure(ErrorReason.NOT_SUPPORTED, message, { object: { namespace, name } });
}

/** Creates the failure of a VM that breaks rules: INVALID_WUKONG. */
export function invalidWukong(violations: readonly FieldViolation[]): Failure {
	const message = violationsMessage("the Wukong is invalid", violations);
	return new Failure(ErrorReason.INVALID_WUKONG, message, { violations });
}
