import { readFileSync } from "node:fs";
import { clone, create, equals, fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Wukong, WukongSchema, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import {
	type GetWukongResponse,
	GetWukongResponseSchema,
	type ListWukongsResponse,
	ListWukongsResponseSchema,
	type WukongEvent,
	WukongEvent_Type,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { changeLabels } from "./change-label.ts";
import { procedure } from "./procedure.ts";

/** The messages that every server of a run answers with. */
export interface Payload {
	/** All VMs. */
	readonly list: ListWukongsResponse;
	/** The first of them. */
	readonly get: GetWukongResponse;
	/** What a watch says first. */
	readonly synced: WukongEvent;
	/** An event of each VM, in the list's order. */
	readonly changed: readonly WukongEvent[];
}

/** Reads all VMs of a server, in binary form: its seed becomes everybody's payload. */
export async function fetchPayload(server: URL): Promise<Uint8Array> {
	const answer = await fetch(new URL(procedure("ListWukongs"), server), {
		method: "POST",
		headers: { "content-type": "application/proto" },
		body: new Uint8Array(),
	});
	if (!answer.ok) throw new Error(`no payload: HTTP ${answer.status}`);
	return new Uint8Array(await answer.arrayBuffer());
}

/** @param path of a file that holds what `fetchPayload` gave */
export function readPayload(path: string): Payload {
	return createPayload(readFileSync(path));
}

/** @param listBytes a ListWukongsResponse in binary form */
export function createPayload(listBytes: Uint8Array): Payload {
	const list = fromBinary(ListWukongsResponseSchema, listBytes);
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

/**
 * The same VM as far as two lives of a seeded store can agree: identity, wish, labels and
 * phase; ids, versions and times differ from start to start.
 */
export function isSameWukong(a: Wukong | undefined, b: Wukong | undefined): boolean {
	if (a?.spec === undefined || b?.spec === undefined) return false;
	return (
		a.name === b.name &&
		a.namespace === b.namespace &&
		equals(WukongSpecSchema, a.spec, b.spec) &&
		JSON.stringify(Object.entries(a.labels).sort()) ===
			JSON.stringify(Object.entries(b.labels).sort()) &&
		a.status?.phase === b.status?.phase
	);
}
