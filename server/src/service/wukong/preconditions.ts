import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { Failure } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { wukongNotFound } from "../../resource/wukong/failures.ts";

/** What a caller requires of the VM that it changes; empty or 0: nothing. */
export interface Preconditions {
	readonly uid?: string;
	readonly resourceVersion?: string;
	readonly generation?: bigint;
}

/**
 * Checks, in the contract's order: uid, then resource_version, then generation. The version is
 * compared as text, so a malformed one is simply not current. A conflict says the current one: the
 * caller knows at once what it missed, and reads again to decide again.
 * @throws WUKONG_NOT_FOUND for another uid, RESOURCE_VERSION_CONFLICT
 */
export function checkPreconditions(current: Wukong, wanted: Preconditions): void {
	checkUid(current, wanted.uid ?? "");
	const { resourceVersion = "", generation = 0n } = wanted;
	if (resourceVersion !== "" && resourceVersion !== current.resourceVersion) {
		throw conflict(
			current,
			`resource_version is not the current one, which is ${current.resourceVersion}`,
		);
	}
	if (generation !== 0n && generation !== current.generation) {
		throw conflict(current, `spec is of generation ${current.generation}, not ${generation}`);
	}
}

/** @throws WUKONG_NOT_FOUND where the VM is a namesake of the one that is meant */
export function checkUid(current: Wukong, uid: string): void {
	if (uid !== "" && uid !== current.uid) throw wukongNotFound(refOf(current));
}

/** @throws WUKONG_DELETING */
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
