import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clone, create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	type GetWukongResponse,
	GetWukongResponseSchema,
	type ListWukongsResponse,
	ListWukongsResponseSchema,
	type WukongEvent,
	WukongEvent_Type,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { compareRefs } from "../../../server/src/resource/object.ts";
import { toPublicView } from "../../../server/src/resource/wukong/public-view.ts";
import { seedRecords } from "../../../server/src/store/embedded/seed.ts";
import { changeLabels } from "./change-label.ts";

/** The messages that every server of a case answers with. */
export interface Payload {
	/** All VMs, in list order. */
	readonly list: ListWukongsResponse;
	/** The first of them. */
	readonly get: GetWukongResponse;
	/** What a watch says first. */
	readonly synced: WukongEvent;
	/** An event of each VM, in the list's order. */
	readonly changed: readonly WukongEvent[];
}

/** How long VMs take does not matter: they have grown up. */
const operator = { pendingMs: 1, creatingMs: 1, stoppingMs: 1, deletingMs: 1 };

/** Where the VMs of a payload are: in the few namespaces of the seed, or each in its own. */
export type Namespaces = "few" | "one each";

/** So many VMs, as the service seeds an empty store. */
export function seedPayload(objects: number, namespaces: Namespaces = "few"): Payload {
	const wukongs = seedRecords(objects, Date.now(), operator)
		.map((seed, place) => toPublicView({ ...seed, resourceVersion: `${place + 1}` }))
		.map((vm, place) => (namespaces === "few" ? vm : { ...vm, namespace: `namespace-${place}` }))
		.sort(compareRefs);
	return createPayload(
		create(ListWukongsResponseSchema, { wukongs, resourceVersion: `${objects}` }),
	);
}

/** Writes what servers in other processes, and in other languages, answer with. */
export function writePayload(folder: string, { list }: Payload): void {
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "list.binpb"), toBinary(ListWukongsResponseSchema, list));
	writeFileSync(join(folder, "list.json"), toJsonString(ListWukongsResponseSchema, list));
}

/** Reads a folder that `writePayload` has filled. */
export function readPayload(folder: string): Payload {
	const bytes = readFileSync(join(folder, "list.binpb"));
	return createPayload(fromBinary(ListWukongsResponseSchema, bytes));
}

export function createPayload(list: ListWukongsResponse): Payload {
	const [wukong] = list.wukongs;
	if (wukong === undefined) throw new Error("the payload has no VM");
	const { resourceVersion } = list;
	const time = timestampFromMs(Date.now());
	return {
		list,
		get: create(GetWukongResponseSchema, { wukong }),
		synced: create(WukongEventSchema, { type: WukongEvent_Type.SYNCED, resourceVersion }),
		changed: list.wukongs.map((before, place) => {
			const changed = clone(WukongSchema, before);
			Object.assign(changed.labels, changeLabels(place));
			return create(WukongEventSchema, {
				type: WukongEvent_Type.MODIFIED,
				wukong: changed,
				resourceVersion,
				time,
			});
		}),
	};
}
