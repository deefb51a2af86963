import { createHash } from "node:crypto";
import { isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	ListWukongsResponseSchema,
	UpdateWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { Failure, type FieldViolation } from "../../failure.ts";
import { hashedVersion, hashIn } from "../../resource/wukong/precondition-hash.ts";
import type { EntityTags } from "../../rpc/protocol/rest/entity-tags.ts";
import { toConnectError } from "../errors/connect-error.ts";

/** Divides what a precondition compares from the hash of all that is visible. */
const divider = ".";

/**
 * Creates the entity tags of VMs and lists. That of a VM is the hash that a precondition compares,
 * and one of all that is visible: If-Match judges the first, so that a change of status fails no
 * write, If-None-Match both. That of a list is a hash of its snapshot's version and of its place in
 * it: below one URL, equal versions have equal content.
 */
export function createEntityTags(): EntityTags {
	const tags = new WeakMap<Wukong, string>();
	const tagOfWukong = (wukong: Wukong): string => {
		let tag = tags.get(wukong);
		if (tag === undefined) {
			const content = hashOf(toBinary(WukongSchema, wukong, { writeUnknownFields: false }));
			tag = hashIn(wukong.resourceVersion) + divider + content;
			if (Object.isFrozen(wukong)) tags.set(wukong, tag);
		}
		return tag;
	};
	const tagOf = (response: Message): string | undefined => {
		if (isMessage(response, ListWukongsResponseSchema)) {
			const { resourceVersion, nextPageToken } = response;
			return hashOf(`${resourceVersion} ${nextPageToken}`) + staleMark(response);
		}
		if (!("wukong" in response) || !isMessage(response.wukong, WukongSchema)) return undefined;
		const { wukong } = response;
		// What is not stored has no version, and is nowhere to be read again.
		return wukong.resourceVersion === "" ? undefined : tagOfWukong(wukong) + staleMark(response);
	};
	return {
		tagOf,
		matches: (response, tag) => hashOfTag(tag) === hashOfTag(tagOf(response) ?? ""),
		require(request, tag) {
			const holder = isMessage(request, UpdateWukongRequestSchema) ? request.wukong : request;
			if (holder === undefined || !("resourceVersion" in holder)) return "none";
			return require(holder as Versioned, hashOfTag(tag));
		},
		createMismatch: () =>
			toConnectError(
				new Failure(ErrorReason.RESOURCE_VERSION_CONFLICT, "If-Match names another state"),
			),
	};
}

interface Versioned {
	resourceVersion: string;
}

/** Preconditions compare the hash alone: the place before it may be any. */
function require(holder: Versioned, hash: string): FieldViolation | undefined {
	const { resourceVersion } = holder;
	if (resourceVersion !== "" && hashIn(resourceVersion) !== hash) {
		return { field: "if-match", description: "is of another state than resource_version" };
	}
	holder.resourceVersion = hashedVersion("0", hash);
	return undefined;
}

/** Returns the part of a tag that preconditions compare; that of a foreign one is never current. */
function hashOfTag(tag: string): string {
	return tag.split(divider, 1)[0] as string;
}

/** Differs while upstream is silent: a caller sees since when. */
function staleMark(response: Message): string {
	if (!("staleSince" in response) || response.staleSince === undefined) return "";
	const { seconds, nanos } = response.staleSince as { seconds: bigint; nanos: number };
	return `${divider}${seconds}-${nanos}`;
}

function hashOf(content: Uint8Array | string): string {
	return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}
