import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { ListWukongsResponse } from "@novasphere/wukong-gen/wukong-service";
import { freeze } from "../../../server/src/resource/freeze.ts";
import { formatVersion } from "../../../server/src/resource/version.ts";
import type { Change, Sink } from "../../../server/src/store/change-feed.ts";
import type { Store } from "../../../server/src/store/store.ts";
import { changeLabels } from "../payload/change-label.ts";

/** A store without storage: it holds a list, takes no write, and changes when told to. */
export interface StoreDouble extends Store {
	/** Changes a label of the VMs at these places of the list; all become known at once. */
	change(places: readonly number[]): void;
}

export function createStoreDouble(list: ListWukongsResponse): StoreDouble {
	const objects: Wukong[] = list.wukongs.map(freeze);
	let head = BigInt(list.resourceVersion);
	let sink: Sink | undefined;
	let made = 0;

	const changeAt = (place: number): Change => {
		const previous = objects[place];
		if (previous === undefined) throw new RangeError(`no VM at ${place}`);
		const version = ++head;
		const object = freeze({
			...previous,
			labels: { ...previous.labels, ...changeLabels(made++) },
			resourceVersion: formatVersion(version),
		});
		objects[place] = object;
		const timeMs = Date.now();
		return { version, resumeVersion: version, timeMs, object, previous, deleted: false };
	};
	const refuse = async (): Promise<never> => {
		throw new Error("the benchmark writes nothing");
	};
	return {
		exactVersions: true,
		async start(started) {
			sink = started;
			sink.load({ objects: [...objects], head, history: [], base: head });
		},
		freshness: () => ({ lagMs: 0, staleSinceMs: undefined }),
		newestVersion: async () => head,
		create: refuse,
		edit: refuse,
		remove: refuse,
		act: refuse,
		async close() {},
		change(places) {
			sink?.append(places.map(changeAt));
		},
	};
}
