import { isDeepStrictEqual } from "node:util";
import {
	create,
	type DescMessage,
	fromJson,
	type JsonObject,
	type JsonValue,
	type MessageShape,
	toJson,
} from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	type Wukong,
	WukongSchema,
	type WukongSpec,
	WukongSpecSchema,
	WukongStatusSchema,
} from "@novasphere/wukong-gen/wukong";
import { areSameFields } from "../../../resource/same-content.ts";
import { parseTime } from "../../../resource/time.ts";
import { withoutCredentials } from "../../../resource/wukong/credentials.ts";
import {
	invalidWukong,
	requestIdReused,
	wukongAlreadyExists,
	wukongNotFound,
} from "../../../resource/wukong/failures.ts";
import {
	hiddenAnnotations,
	visibleAnnotations,
} from "../../../resource/wukong/hidden-annotations.ts";
import { effectiveSpec, wantedOn } from "../../../resource/wukong/power-state.ts";
import { toPublicView } from "../../../resource/wukong/public-view.ts";
import {
	formatStartAsked,
	startAskedKey,
	stopAskedKey,
} from "../../../resource/wukong/start-annotation.ts";
import type { CredentialChange, Edit } from "../../store.ts";
import { integerJson, withIntegerTexts } from "../lossless-json.ts";
import { apiVersionOf, type Origin, type WritableKind } from "../resource-kind.ts";
import { threeWayMerge } from "../three-way-merge.ts";
import { isJsonObject, objectAt, textAt, type Unstructured } from "../unstructured.ts";

const resource = {
	group: "vm.novasphere.dev",
	version: "v1alpha1",
	plural: "wukongs",
	kind: "Wukong",
} as const;

/** Describes the Wukong as a custom resource. Field names agree with the contract's JSON names. */
export const wukongKind: WritableKind<Wukong, Edit> = {
	...resource,
	read: (raw, previous) => toPublicView(readWukong(raw), previous),
	isNews,
	// What has no finalizers goes without ever having been marked.
	markDeleted: (last, nowMs) =>
		toPublicView({ ...last, deleteTime: last.deleteTime ?? timestampFromMs(nowMs) }, last),
	toResource,
	originOf,
	applyEdit,
	secretsIn,
	request: { field: "wukong", schema: WukongSchema },
	failures: {
		notFound: wukongNotFound,
		alreadyExists: wukongAlreadyExists,
		requestIdReused,
		invalid: invalidWukong,
	},
};

/**
 * Checks whether two states differ but in version. Times of conditions do not count: the operator
 * renews them each time it looks.
 */
function isNews(previous: Wukong, next: Wukong): boolean {
	// What changes most comes first.
	if (!isSameStatus(previous.status, next.status)) return true;
	return !areSameFields(previous, next, "resourceVersion", "status");
}

function isSameStatus(a: Wukong["status"], b: Wukong["status"]): boolean {
	if (a === undefined || b === undefined) return a === b;
	if (!areSameFields(a, b, "conditions")) return false;
	if (a.conditions.length !== b.conditions.length) return false;
	return a.conditions.every((condition, index) => {
		const other = b.conditions[index];
		return other !== undefined && areSameFields(condition, other, "lastTransitionTime");
	});
}

/**
 * Reads the custom resource, credentials and hidden annotations included. Names agree with the
 * contract's JSON names. What the contract does not know, or cannot represent, is left out: one
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
		spec: withoutFalseFields(readMessage(WukongSpecSchema, objectAt(raw, "spec"))),
		status: readMessage(WukongStatusSchema, objectAt(raw, "status")),
		...times(metadata),
	});
}

/**
 * Clears the optional fields that are false: an operator's first write drops them, which is to be no
 * change of the spec that callers see.
 */
function withoutFalseFields(spec: WukongSpec): WukongSpec {
	const { cloudInitUser, highAvailability, networks } = spec;
	if (cloudInitUser?.lockPasswd === false) delete cloudInitUser.lockPasswd;
	if (highAvailability?.antiAffinity === false) delete highAvailability.antiAffinity;
	for (const network of networks) if (network.primary === false) delete network.primary;
	return spec;
}

function times(metadata: JsonObject): { createTime?: Timestamp; deleteTime?: Timestamp } {
	const createTime = time(metadata.creationTimestamp);
	const deleteTime = time(metadata.deletionTimestamp);
	return { ...(createTime && { createTime }), ...(deleteTime && { deleteTime }) };
}

function time(value: JsonValue | undefined): Timestamp | undefined {
	const ms = parseTime(value);
	return ms === undefined ? undefined : timestampFromMs(ms);
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

/** Returns the fields that can be read, each tried alone. */
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

const requestIdKey = "wukong.novasphere.dev/request-id";
const fingerprintKey = "wukong.novasphere.dev/request-fingerprint";

/** Creates a resource: what the request gave, credentials included, without output fields. */
function toResource(given: Wukong, { requestId, fingerprint }: Origin): JsonObject {
	const { namespace, name, labels, annotations, spec } = given;
	const origin =
		requestId === "" ? {} : { [requestIdKey]: requestId, [fingerprintKey]: fingerprint };
	return {
		apiVersion: apiVersionOf(resource),
		kind: resource.kind,
		metadata: {
			namespace,
			name,
			labels: { ...labels },
			annotations: { ...visibleAnnotations(annotations), ...origin },
		},
		spec: specJson(effectiveSpec(spec)),
	};
}

/** Reads what `toResource` noted. */
function originOf(raw: Unstructured): Origin {
	const annotations = objectAt(raw.metadata, "annotations");
	return {
		requestId: textAt(annotations, requestIdKey),
		fingerprint: textAt(annotations, fingerprintKey),
	};
}

/**
 * Applies an edit; undefined where it changes nothing. Only what the edit changes is touched:
 * everything else stays, what the contract does not know included.
 */
function applyEdit(raw: Unstructured, edit: Edit, nowMs: number): Unstructured | undefined {
	const current = readWukong(raw);
	const isOn = wantedOn(edit.next.spec);
	const isNoted = edit.wakeOperator === true || (isOn && !wantedOn(current.spec));
	const spec = editedSpec(objectAt(raw, "spec"), current.spec, edit);
	const labels = threeWayMerge(objectAt(raw.metadata, "labels"), current.labels, edit.next.labels);
	const annotations = threeWayMerge(objectAt(raw.metadata, "annotations"), current.annotations, {
		...hiddenAnnotations(current.annotations),
		...visibleAnnotations(edit.next.annotations),
		...(isNoted && { [isOn ? startAskedKey : stopAskedKey]: formatStartAsked(nowMs) }),
	});
	const next = { ...raw, metadata: { ...raw.metadata, labels, annotations }, spec };
	const before = [raw.spec ?? {}, raw.metadata.labels ?? {}, raw.metadata.annotations ?? {}];
	return isDeepStrictEqual(before, [spec, labels, annotations]) ? undefined : next;
}

function editedSpec(raw: JsonObject, current: WukongSpec | undefined, edit: Edit): JsonObject {
	const before = specJson(withoutCredentials(WukongSpecSchema, effectiveSpec(current)));
	const after = specJson(withoutCredentials(WukongSpecSchema, effectiveSpec(edit.next.spec)));
	const merged = threeWayMerge(raw, before, after);
	const { startStrategy, cloudInitUser } = merged;
	const result = { ...merged };
	if (isJsonObject(startStrategy) && startStrategy !== raw.startStrategy) {
		// A strategy without autoStart means off: an edit that touches one writes the wish out, which
		// stays, because an operator drops what is false with its first write only.
		result.startStrategy = { ...startStrategy, autoStart: wantedOn(edit.next.spec) };
	}
	if (isJsonObject(cloudInitUser)) {
		const user = { ...cloudInitUser };
		changeCredential(user, "password", edit.password);
		changeCredential(user, "passwordHash", edit.passwordHash);
		result.cloudInitUser = user;
	}
	return result;
}

function changeCredential(user: JsonObject, key: string, change: CredentialChange): void {
	if (change.action === "set") user[key] = change.value;
	if (change.action === "clear") delete user[key];
}

/**
 * Returns spec as an operator's typed client writes it: the contract's JSON, but with the one 64-bit
 * number as the resource has it, and without fields that are false. The operator's first write would
 * drop those, which would be a change of spec and a generation that no caller has asked for; to it
 * they mean the same as none.
 */
export function specJson(spec: WukongSpec): JsonObject {
	const json = withoutFalse(toJson(WukongSpecSchema, spec) as JsonObject);
	const { highAvailability } = json;
	if (!isJsonObject(highAvailability) || !Array.isArray(highAvailability.tolerations)) return json;
	const tolerations = highAvailability.tolerations.filter(isJsonObject).map((toleration) => ({
		...toleration,
		...(toleration.tolerationSeconds !== undefined && {
			tolerationSeconds: integerJson(String(toleration.tolerationSeconds)),
		}),
	}));
	return { ...json, highAvailability: { ...highAvailability, tolerations } };
}

/** Removes the fields that are false, of the objects in spec and of spec itself. */
function withoutFalse(spec: JsonObject): JsonObject {
	const entries = Object.entries(spec).filter(([, value]) => value !== false);
	return Object.fromEntries(
		entries.map(([key, value]) => {
			if (Array.isArray(value)) {
				return [key, value.map((item) => (isJsonObject(item) ? withoutFalse(item) : item))];
			}
			return [key, isJsonObject(value) ? withoutFalse(value) : value];
		}),
	);
}

function secretsIn(resource: JsonObject): string[] {
	const user = objectAt(objectAt(resource, "spec"), "cloudInitUser");
	return [user.password, user.passwordHash].filter(
		(secret): secret is string => typeof secret === "string" && secret !== "",
	);
}
