import { isDeepStrictEqual } from "node:util";
import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { type Wukong, type WukongSpec, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import { withoutCredentials } from "../../../resource/wukong/credentials.ts";
import {
	hiddenAnnotations,
	visibleAnnotations,
} from "../../../resource/wukong/hidden-annotations.ts";
import { effectiveSpec, wantedOn } from "../../../resource/wukong/power-state.ts";
import type { CredentialChange, Edit } from "../../store.ts";
import { integerJson } from "../lossless-json.ts";
import { threeWayMerge } from "../three-way-merge.ts";
import { apiVersion, isJsonObject, objectAt, type Unstructured } from "../unstructured.ts";
import { readWukong } from "./wukong-read.ts";

/** The request that created a Wukong, as its hidden annotations tell. */
export interface Origin {
	/** Empty: none was given. */
	readonly requestId: string;
	/** Digest of its content without credentials. */
	readonly fingerprint: string;
}

const requestIdKey = "wukong.novasphere.dev/request-id";
const fingerprintKey = "wukong.novasphere.dev/request-fingerprint";

/** A new resource: what the request gave, credentials included, without output fields. */
export function createdResource(given: Wukong, { requestId, fingerprint }: Origin): JsonObject {
	const { namespace, name, labels, annotations, spec } = given;
	const origin =
		requestId === "" ? {} : { [requestIdKey]: requestId, [fingerprintKey]: fingerprint };
	return {
		apiVersion,
		kind: "Wukong",
		metadata: {
			namespace,
			name,
			labels: { ...labels },
			annotations: { ...visibleAnnotations(annotations), ...origin },
		},
		spec: specJson(effectiveSpec(spec)),
	};
}

/** What `createdResource` noted. */
export function originOf(raw: Unstructured): Origin {
	const annotations = objectAt(raw.metadata, "annotations");
	const text = (key: string) => String(annotations[key] ?? "");
	return { requestId: text(requestIdKey), fingerprint: text(fingerprintKey) };
}

/**
 * The resource after an edit; undefined where the edit changes nothing. Only what the edit
 * changes is touched: everything else stays, what the contract does not know included.
 */
export function editedResource(raw: Unstructured, edit: Edit): Unstructured | undefined {
	const current = readWukong(raw);
	const spec = editedSpec(objectAt(raw, "spec"), current.spec, edit);
	const labels = threeWayMerge(objectAt(raw.metadata, "labels"), current.labels, edit.next.labels);
	const annotations = threeWayMerge(objectAt(raw.metadata, "annotations"), current.annotations, {
		...hiddenAnnotations(current.annotations),
		...visibleAnnotations(edit.next.annotations),
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
		// A strategy without autoStart means off: whoever touches one writes the wish out.
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

/** The contract's JSON, but with the one 64-bit number of spec as the resource has it. */
function specJson(spec: WukongSpec): JsonObject {
	const json = toJson(WukongSpecSchema, spec) as JsonObject;
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
