import {
	create,
	type DescMessage,
	fromJson,
	type JsonObject,
	type JsonValue,
	type MessageShape,
} from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
	WukongStatusSchema,
} from "@novasphere/wukong-gen/wukong";
import { toPublicView } from "../../../resource/wukong/public-view.ts";
import { withIntegerTexts } from "../lossless-json.ts";
import { objectAt, type Unstructured } from "../unstructured.ts";

/** What callers see of a Wukong as the API server has it. */
export function readPublicView(raw: Unstructured): Wukong {
	return toPublicView(readWukong(raw));
}

/**
 * What callers see of a Wukong that is gone: its last state, with delete_time. One without
 * finalizers goes without ever having been marked.
 */
export function deletedPublicView(last: Wukong, nowMs: number): Wukong {
	return toPublicView({ ...last, deleteTime: last.deleteTime ?? timestampFromMs(nowMs) });
}

/**
 * Reads the custom resource, credentials and hidden annotations included. Names agree with the
 * contract's JSON names. What the contract does not know, or cannot toCachedObject, is passed over: one
 * odd object must not keep all others from being served.
 */
export function readWukong(raw: Unstructured): Wukong {
	const { metadata } = raw;
	return create(WukongSchema, {
		name: metadata.name,
		namespace: metadata.namespace,
		uid: metadata.uid,
		resourceVersion: metadata.resourceVersion,
		generation: BigInt(Number.isSafeInteger(metadata.generation) ? Number(metadata.generation) : 0),
		labels: texts(metadata, "labels"),
		annotations: texts(metadata, "annotations"),
		spec: readMessage(WukongSpecSchema, objectAt(raw, "spec")),
		status: readMessage(WukongStatusSchema, objectAt(raw, "status")),
		...times(metadata),
	});
}

function times(metadata: JsonObject): { createTime?: Timestamp; deleteTime?: Timestamp } {
	const createTime = time(metadata.creationTimestamp);
	const deleteTime = time(metadata.deletionTimestamp);
	return { ...(createTime && { createTime }), ...(deleteTime && { deleteTime }) };
}

function time(value: JsonValue | undefined): Timestamp | undefined {
	const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
	return Number.isNaN(ms) ? undefined : timestampFromMs(ms);
}

function texts(metadata: JsonObject, key: string): Record<string, string> {
	const entries = Object.entries(objectAt(metadata, key));
	return Object.fromEntries(
		entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
	);
}

function readMessage<Desc extends DescMessage>(schema: Desc, json: JsonObject): MessageShape<Desc> {
	try {
		return fromJson(schema, json, { ignoreUnknownFields: true });
	} catch {
		// Rare, so that only what cannot be read at once is looked at more closely.
		const readable = readableFields(schema, withIntegerTexts(json));
		return fromJson(schema, readable, { ignoreUnknownFields: true });
	}
}

/** The fields that can be read, each tried alone. */
function readableFields(schema: DescMessage, json: JsonObject): JsonObject {
	return Object.fromEntries(
		Object.entries(json).filter(([key, value]) => {
			try {
				fromJson(schema, { [key]: value }, { ignoreUnknownFields: true });
				return true;
			} catch {
				return false;
			}
		}),
	);
}
