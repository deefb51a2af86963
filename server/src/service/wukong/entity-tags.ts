import { hash } from "node:crypto";
import { isMessage, type Message } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	ListWukongsResponseSchema,
	UpdateWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { Failure, type FieldViolation } from "../../failure.ts";
import { hashedVersion, hashIn } from "../../resource/wukong/precondition-hash.ts";
import type { Encoder } from "../../rpc/codec/codec.ts";
import type { EntityTags } from "../../rpc/protocol/rest/entity-tags.ts";
import { toConnectError } from "../errors/connect-error.ts";

/** Divides what a precondition compares from the hash of all that is visible. */
const divider = ".";

/**
 * Creates the entity tags of VMs and lists. That of a VM is the hash that a precondition compares,
 * and one of all that is visible: If-Match judges the first, so that a change of status fails no
 * write, If-None-Match both. Both are the same on every replica, which the places in a version need not
 * be: since when a VM has no instance, each replica dates by what it has seen. That of a list is a
 * hash of its snapshot's version and of its place in it: below one URL, equal versions have equal
 * content.
 */
export function createEntityTags(): EntityTags {
	const tags = new WeakMap<Wukong, string>();
	const tagOfWukong = (wukong: Wukong, encoder: Encoder): string => {
		let tag = tags.get(wukong);
		if (tag === undefined) {
			// These bytes are made for the response in any case.
			const content = hashOf(withoutVersion(encoder.encode(WukongSchema, wukong, "json"), wukong));
			tag = hashIn(wukong.resourceVersion) + divider + content;
			if (Object.isFrozen(wukong)) tags.set(wukong, tag);
		}
		return tag;
	};
	return {
		tagOf(response, encoder) {
			if (isMessage(response, ListWukongsResponseSchema)) {
				const { resourceVersion, nextPageToken } = response;
				const place = nextPageToken === "" ? "" : divider + hashOf(nextPageToken);
				return resourceVersion + place + staleMark(response);
			}
			const wukong = wukongOf(response);
			return wukong && tagOfWukong(wukong, encoder) + staleMark(response);
		},
		matches(response, tag) {
			const wukong = wukongOf(response);
			return wukong !== undefined && hashOfTag(tag) === hashIn(wukong.resourceVersion);
		},
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

/**
 * Cuts the version out of a VM's JSON. The last text that reads like it is that field: labels and
 * annotations, which may hold such names, stand before it.
 */
function withoutVersion(json: Buffer, { resourceVersion }: Wukong): Buffer {
	const member = `"resourceVersion":${JSON.stringify(resourceVersion)}`;
	const at = json.lastIndexOf(member);
	if (at === -1) return json;
	return Buffer.concat([json.subarray(0, at), json.subarray(at + Buffer.byteLength(member))]);
}

/** Returns the VM of a response; undefined: it has none, or one that is stored nowhere. */
function wukongOf(response: Message): Wukong | undefined {
	if (!("wukong" in response) || !isMessage(response.wukong, WukongSchema)) return undefined;
	return response.wukong.resourceVersion === "" ? undefined : response.wukong;
}

interface Versioned {
	resourceVersion: string;
}

/** Preconditions compare the hash alone: the place before it may be any. */
function require(holder: Versioned, wanted: string): FieldViolation | undefined {
	const { resourceVersion } = holder;
	if (resourceVersion !== "" && hashIn(resourceVersion) !== wanted) {
		return { field: "if-match", description: "is of another state than resource_version" };
	}
	holder.resourceVersion = hashedVersion("0", wanted);
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
	return hash("sha256", content, "base64url").slice(0, 22);
}
