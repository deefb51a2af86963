import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { Failure } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { wukongNotFound } from "../../resource/wukong/failures.ts";
import { meetsPrecondition } from "../../resource/wukong/precondition-hash.ts";

/** States what a caller requires of the VM that it changes; empty or 0: nothing. */
export interface Preconditions {
	readonly uid?: string;
	readonly resourceVersion?: string;
	readonly generation?: bigint;
}

/**
 * Checks preconditions in the contract's order: uid, resource_version, generation. Of the version only
 * the hash is compared: what a caller can write is as it was, whatever has become of status. A
 * malformed one is simply not the current one. A conflict names the current
 * version: the caller knows that it has missed a change, and reads again before it decides again.
 * @throws WUKONG_NOT_FOUND for another uid, RESOURCE_VERSION_CONFLICT
 */
export function checkPreconditions(current: Wukong, wanted: Preconditions): void {
	checkUid(current, wanted.uid ?? "");
	const { resourceVersion = "", generation = 0n } = wanted;
	if (resourceVersion !== "" && !meetsPrecondition(current.resourceVersion, resourceVersion)) {
		throw conflict(
			current,
			`resource_version is not the current one, which is ${current.resourceVersion}`,
		);
	}
	if (generation !== 0n && generation !== current.generation) {
		throw conflict(current, `spec is of generation ${current.generation}, not ${generation}`);
	}
}

/**
 * Checks the uid.
 * @throws WUKONG_NOT_FOUND where it is another VM of the same name
 */
export function checkUid(current: Wukong, uid: string): void {
	if (uid !== "" && uid !== current.uid) throw wukongNotFound(refOf(current));
}

/**
 * Checks that no deletion has begun.
 * @throws WUKONG_DELETING
 */
export function checkNotDeleting(current: Wukong): void {
	if (current.deleteTime === undefined) return;
	throw new Failure(ErrorReason.WUKONG_DELETING, "the Wukong is being deleted", {
		object: refOf(current),
	});
}

function conflict(current: Wukong, message: string): Failure {
	return new Failure(ErrorReason.RESOURCE_VERSION_CONFLICT, message, { object: refOf(current) });
}

function refOf({ namespace, name }: Wukong): ObjectRef {
	return { namespace, name };
}
