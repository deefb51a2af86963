import { createHash } from "node:crypto";
import { isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	ListWukongsResponseSchema,
	UpdateWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import type { FieldViolation } from "../../failure.ts";
import { Failure } from "../../failure.ts";
import type { EntityTags } from "../../rpc/protocol/rest/entity-tags.ts";
import { toConnectError } from "../errors/connect-error.ts";

/** Divides what a precondition compares from the hash of all that is visible. */
const divider = ":";

/**
 * Creates the entity tags of VMs and lists. That of a VM is the version that a precondition
 * compares, and a hash of all that is visible: If-Match judges the first, If-None-Match both. That
 * of a list is a hash of its snapshot's version and of its place in it.
 */
export function createEntityTags(): EntityTags {
	const tags = new WeakMap<Wukong, string>();
	const tagOfWukong = (wukong: Wukong): string => {
		let tag = tags.get(wukong);
		if (tag === undefined) {
			tag = wukong.resourceVersion + divider + hashOf(toBinary(WukongSchema, wukong));
			if (Object.isFrozen(wukong)) tags.set(wukong, tag);
		}
		return tag;
	};
	const tagOf = (response: Message): string | undefined => {
		const stale = staleMark(response);
		if (isMessage(response, ListWukongsResponseSchema)) {
			const { resourceVersion, nextPageToken } = response;
			return hashOf(`${resourceVersion} ${nextPageToken}`) + stale;
		}
		if (!("wukong" in response) || !isMessage(response.wukong, WukongSchema)) return undefined;
		return tagOfWukong(response.wukong) + stale;
	};
	return {
		tagOf,
		matches: (response, tag) => versionIn(tag) === versionIn(tagOf(response) ?? ""),
		require(request, tag) {
			const holder = isMessage(request, UpdateWukongRequestSchema) ? request.wukong : request;
			if (holder === undefined || !("resourceVersion" in holder)) return "none";
			return require(holder as Versioned, versionIn(tag));
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

function require(holder: Versioned, version: string): FieldViolation | undefined {
	const { resourceVersion } = holder;
	if (resourceVersion !== "" && resourceVersion !== version) {
		return { field: "if-match", description: "is another version than resource_version" };
	}
	holder.resourceVersion = version;
	return undefined;
}

/**
 * Returns the part of a tag that preconditions compare; all of a foreign one, which is never
 * current. An empty one stands for no version, not for any.
 */
function versionIn(tag: string): string {
	return tag.split(divider, 1)[0] || noVersion;
}

const noVersion = "-";

/** Differs while upstream is silent: a caller sees since when. */
function staleMark(response: Message): string {
	if (!("staleSince" in response) || response.staleSince === undefined) return "";
	const { seconds, nanos } = response.staleSince as { seconds: bigint; nanos: number };
	return `.${seconds}.${nanos}`;
}

function hashOf(content: Uint8Array | string): string {
	return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}
