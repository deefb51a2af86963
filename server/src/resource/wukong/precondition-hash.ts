import { hash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { type Wukong, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import { parseVersion, placesIn } from "../version.ts";

/** Characters of a hash: 64 bits in hexadecimal digits. */
const hashLength = 16;

/**
 * Hash of all that a caller can write or has to know of before it writes: uid, visible spec, labels,
 * annotations and delete_time. Equal for equal states on every replica, whatever the order of maps;
 * status and generation do not touch it. Credentials are no part of a public view, so a new password
 * changes nothing here.
 * @param wukong a public view, or one that is about to become one
 * @returns 16 hexadecimal digits, so that it never looks like another suffix of a version
 */
export function preconditionHash(wukong: Wukong): string {
	const { uid, spec, labels, annotations, deleteTime } = wukong;
	const { nodeSelector } = spec?.highAvailability ?? {};
	const content = [
		uid,
		sortedEntries(labels),
		sortedEntries(annotations),
		sortedEntries(nodeSelector ?? {}),
		deleteTime === undefined ? "" : `${deleteTime.seconds}.${deleteTime.nanos}`,
	];
	const text = JSON.stringify(content);
	const hashed = spec === undefined ? text : Buffer.concat([Buffer.from(text), specBytes(spec)]);
	return hash("sha256", hashed, "hex").slice(0, hashLength);
}

/** Encodes a spec; its one map is hashed beside it, because entries are encoded as they stand. */
function specBytes(spec: NonNullable<Wukong["spec"]>): Uint8Array {
	const { highAvailability } = spec;
	const withoutMap =
		highAvailability === undefined || Object.keys(highAvailability.nodeSelector).length < 2
			? spec
			: { ...spec, highAvailability: { ...highAvailability, nodeSelector: {} } };
	return toBinary(WukongSpecSchema, withoutMap, { writeUnknownFields: false });
}

function sortedEntries(map: { readonly [key: string]: string }): [string, string][] {
	return Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1));
}

/**
 * Makes the `resource_version` of a VM: the versions of what it was made from, then `-` and its hash.
 * @param places one place per kind, joined by `~`, or a version that has a hash already, which is
 * replaced; empty: the VM is not stored, and has no version
 */
export function hashedVersion(places: string, hash: string): string {
	return places === "" ? "" : `${placesIn(places)}-${hash}`;
}

/**
 * Checks whether two published states of one VM are equal in all that the hash covers. Their versions
 * are this process's own, so that only what stands behind the places is compared.
 */
export function haveSameHash(one: Wukong, other: Wukong): boolean {
	return ownHash(one.resourceVersion) === ownHash(other.resourceVersion);
}

function ownHash(version: string): string {
	const end = version.indexOf("-");
	return end < 0 ? "" : version.slice(end + 1);
}

/** Returns the hash in a `resource_version`; empty where the text has none. */
export function hashIn(resourceVersion: string): string {
	return parseVersion(resourceVersion)?.suffix ?? "";
}

/**
 * Checks a precondition on `resource_version`: what it covers is now as it was when `wanted` was
 * given. The hashes are compared and nothing else, so that a change of status fails no
 * write. A text without a hash, as older releases gave it, has to be the current version in full, as
 * far as it goes: its places, or the first of them.
 * @param current the version of a state that was read from the store in this very try
 */
export function meetsPrecondition(current: string, wanted: string): boolean {
	if (wanted === current) return true;
	const asked = parseVersion(wanted);
	const has = parseVersion(current);
	if (asked === undefined || has === undefined) return false;
	if (asked.suffix !== "") return asked.suffix === has.suffix;
	const places = placesIn(current);
	return wanted === places || (asked.places.length === 1 && wanted === places.split("~", 1)[0]);
}
