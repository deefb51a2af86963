import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { areSameFields } from "../../../resource/same-content.ts";
import { parseTime } from "../../../resource/time.ts";
import {
	maxMessageLength,
	type ObservedCondition,
} from "../../../resource/wukong/power/evidence.ts";
import { keptConditions } from "../../../resource/wukong/power/power-message.ts";
import { isJsonObject, objectAt, type Unstructured } from "../unstructured.ts";

/** The API group and version of KubeVirt's objects. */
export const kubevirt = { group: "kubevirt.io", version: "v1" } as const;

/** Longest word of a status that is kept, such as a phase or a node's name. */
const maxWordLength = 253;

/** Reads what is kept of every KubeVirt object. */
export function readKubeVirtObject(raw: Unstructured) {
	const { metadata } = raw;
	return {
		namespace: metadata.namespace,
		name: metadata.name,
		uid: metadata.uid,
		resourceVersion: metadata.resourceVersion,
		labels: {},
		ownerUid: controllerOf(metadata),
		createMs: parseTime(metadata.creationTimestamp),
		deleting: metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null,
		conditions: readConditions(objectAt(raw, "status")),
	};
}

/** Checks whether two states differ in anything that is kept. */
export function differs<T extends object>(a: T, b: T): boolean {
	return !areSameFields(a, b, "resourceVersion");
}

/** Reads a list of objects; what is none is left out. */
export function objectsAt(value: JsonObject, key: string): JsonObject[] {
	const list = value[key];
	return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** Reads a text, cut to what is kept of it; empty where it is none. */
export function readWord(value: JsonValue | undefined): string {
	return readText(value, maxWordLength);
}

function readText(value: JsonValue | undefined, maxLength: number): string {
	// A cut pair of surrogates could not be encoded.
	return typeof value === "string" ? value.slice(0, maxLength).toWellFormed() : "";
}

function controllerOf(metadata: JsonObject): string | undefined {
	const controller = objectsAt(metadata, "ownerReferences").find(
		(owner) => owner.controller === true,
	);
	return typeof controller?.uid === "string" ? controller.uid : undefined;
}

function readConditions(status: JsonObject): ObservedCondition[] {
	const found = new Map<string, ObservedCondition>();
	for (const condition of objectsAt(status, "conditions")) {
		const type = readWord(condition.type);
		if (!keptConditions.has(type) || found.has(type)) continue;
		found.set(type, {
			type,
			status: readWord(condition.status),
			reason: readWord(condition.reason),
			message: readText(condition.message, maxMessageLength),
			sinceMs: parseTime(condition.lastTransitionTime),
		});
	}
	return [...found.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
}
