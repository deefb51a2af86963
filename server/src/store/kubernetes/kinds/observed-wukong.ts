import type { JsonObject } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { ApiObject } from "../../../resource/object.ts";
import { parseTime } from "../../../resource/time.ts";
import { readStartAsked, startAskedKey } from "../../../resource/wukong/start-annotation.ts";
import type { ResourceKind } from "../resource-kind.ts";
import { objectAt, type Unstructured } from "../unstructured.ts";
import { objectsAt } from "./kubevirt-object.ts";
import { readWukong, wukongKind } from "./wukong.ts";

/** A Wukong as the cluster has it, with what its power is told from besides. */
export interface ObservedWukong extends ApiObject {
	readonly uid: string;
	/** Its public view by the operator's word alone. */
	readonly wukong: Wukong;
	/** As `PowerEvidence.startAskedMs`. */
	readonly startAskedMs: number | undefined;
}

/** Describes the Wukong where it is one kind of several that a VM is told from. */
export const observedWukongKind: ResourceKind<ObservedWukong> = {
	group: wukongKind.group,
	version: wukongKind.version,
	plural: wukongKind.plural,
	kind: wukongKind.kind,
	read: (raw, previous) => observed(wukongKind.read(raw, previous?.wukong), startAskedMs(raw)),
	isNews: (previous, next) =>
		previous.startAskedMs !== next.startAskedMs || wukongKind.isNews(previous.wukong, next.wukong),
	markDeleted: (last, nowMs) =>
		observed(wukongKind.markDeleted(last.wukong, nowMs), last.startAskedMs),
};

/** Makes one of a public view. @param askedMs default: not known */
export function observed(wukong: Wukong, askedMs?: number): ObservedWukong {
	const { namespace, name, uid, labels, resourceVersion } = wukong;
	const { createTime } = wukong;
	const createMs = createTime === undefined ? undefined : timestampMs(createTime);
	return Object.freeze({
		...{ namespace, name, uid, labels, resourceVersion, wukong },
		startAskedMs: askedMs ?? createMs,
	});
}

/**
 * Returns when a start was last asked for: the latest of its creation, the last change of spec and the
 * last Start. A Start is told by the API server's clock, which the times of KubeVirt are compared
 * with, and by ours only where its stamp is missing.
 */
function startAskedMs(raw: Unstructured): number | undefined {
	const stamps = objectsAt(raw.metadata, "managedFields").filter(isAsking).map(timeOf);
	const known = [parseTime(raw.metadata.creationTimestamp), ...stamps].filter(
		(ms) => ms !== undefined,
	);
	const isStamped = stamps.some((ms) => ms !== undefined);
	const noted = isStamped ? undefined : readStartAsked(readWukong(raw).annotations);
	if (noted !== undefined) known.push(noted);
	return known.length === 0 ? undefined : Math.max(...known);
}

function timeOf({ time }: JsonObject): number | undefined {
	return parseTime(time);
}

/** Checks whether a manager owns anything of spec, or the note of a Start. */
function isAsking({ fieldsV1, subresource }: JsonObject): boolean {
	if (subresource !== undefined && subresource !== "") return false;
	const fields = objectAt({ fieldsV1: fieldsV1 ?? null }, "fieldsV1");
	if ("f:spec" in fields) return true;
	const annotations = objectAt(objectAt(fields, "f:metadata"), "f:annotations");
	return `f:${startAskedKey}` in annotations;
}
