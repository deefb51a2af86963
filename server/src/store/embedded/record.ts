import { create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
	WukongStatusSchema,
} from "@novasphere/wukong-gen/wukong";
import { freeze } from "../../resource/freeze.ts";
import { isSameContent } from "../../resource/same-content.ts";
import { hiddenAnnotations, visibleAnnotations } from "../../resource/wukong/hidden-annotations.ts";
import { effectiveSpec, wantedOn } from "../../resource/wukong/power-state.ts";
import { toPublicView } from "../../resource/wukong/public-view.ts";
import type { CredentialChange, Edit } from "../store.ts";

/** One stored Wukong, as the store holds it in memory. */
export interface Entry {
	/** State with credentials and hidden annotations; never leaves the store. */
	readonly record: Wukong;
	/** What callers see of it. */
	readonly published: Wukong;
	readonly origin: Origin;
}

/** The request that created a Wukong. */
export interface Origin {
	/** Empty: none was given. */
	readonly requestId: string;
	/** Digest of its content without credentials. */
	readonly fingerprint: string;
}

/** The origin of what no caller created. */
export const noOrigin: Origin = { requestId: "", fingerprint: "" };

/** Creates an entry; freezes the record. @param previous the entry before it. Default: none */
export function createEntry(record: Wukong, origin: Origin, previous?: Entry): Entry {
	const published = toPublicView(record, previous?.published);
	return { record: freeze(record), published, origin };
}

/**
 * Encodes the binary form that is stored. Fields that the contract does not know are left
 * out: no credential could be removed from them.
 */
export function encodeWukong(wukong: Wukong): Uint8Array {
	return toBinary(WukongSchema, wukong, { writeUnknownFields: false });
}

/** Decodes what `encodeWukong` wrote. */
export function decodeWukong(bytes: Uint8Array): Wukong {
	return fromBinary(WukongSchema, bytes);
}

/** Creates the record of a new Wukong: what the request gave, without output fields. */
export function createdRecord(given: Wukong, uid: string, nowMs: number): Wukong {
	return {
		...contentOf(given),
		namespace: given.namespace,
		name: given.name,
		uid,
		generation: 1n,
		createTime: timestampFromMs(nowMs),
		status: create(WukongStatusSchema),
	};
}

/** Returns the record after an edit; undefined where the edit changes nothing. */
export function editedRecord(current: Wukong, edit: Edit): Wukong | undefined {
	const copy = contentOf(edit.next);
	const nextSpec = copy.spec ?? create(WukongSpecSchema);
	if (nextSpec.cloudInitUser !== undefined) {
		const user = current.spec?.cloudInitUser;
		nextSpec.cloudInitUser.password = changed(edit.password, user?.password);
		nextSpec.cloudInitUser.passwordHash = changed(edit.passwordHash, user?.passwordHash);
	}
	const next: Wukong = {
		...current,
		labels: copy.labels,
		annotations: {
			...hiddenAnnotations(current.annotations),
			...visibleAnnotations(copy.annotations),
		},
		spec: nextSpec,
	};
	const before = current.spec ?? create(WukongSpecSchema);
	const sameSpec = isSameContent(before, nextSpec) || equals(WukongSpecSchema, before, nextSpec);
	// All other parts are those of the present state.
	const isUnchanged =
		sameSpec &&
		current.spec !== undefined &&
		isSameContent(current.labels, next.labels) &&
		isSameContent(current.annotations, next.annotations);
	if (isUnchanged) return undefined;
	const sameWish = wantedOn(before) === wantedOn(nextSpec);
	return {
		...(sameWish ? next : withoutPowerWords(next)),
		generation: current.generation + (sameSpec ? 0n : 1n),
	};
}

/** Drops why and since when a power state is: of the one that follows from a new wish nobody has said it. */
function withoutPowerWords(record: Wukong): Wukong {
	if (record.status === undefined) return record;
	const { powerSince: _, ...status } = record.status;
	return { ...record, status: { ...status, powerReason: "", powerMessage: "" } };
}

/** Returns the record once its deletion has begun. */
export function deletingRecord(current: Wukong, nowMs: number): Wukong {
	return {
		...withoutPowerWords(current),
		deleteTime: timestampFromMs(nowMs),
		generation: current.generation + 1n,
	};
}

/** Copies all that callers decide; the copy shares no part. */
function contentOf({ labels, annotations, spec }: Wukong): Wukong {
	const given = create(WukongSchema, { labels, annotations, spec: effectiveSpec(spec) });
	return decodeWukong(encodeWukong(given));
}

function changed(change: CredentialChange, value = ""): string {
	switch (change.action) {
		case "keep":
			return value;
		case "set":
			return change.value;
		case "clear":
			return "";
	}
}
