import { expect, test } from "vitest";
import type { ApiObject } from "../../../server/src/resource/object.ts";
import { formatVersion } from "../../../server/src/resource/version.ts";
import type { ChangeFeed, Sink } from "../../../server/src/store/change-feed.ts";
import type { EventFactory } from "../../../server/src/watch/events.ts";
import { silentObserver } from "../../../server/src/watch/observer.ts";
import { createReplica } from "../../../server/src/watch/replica.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { filterOf } from "../../support/watching.ts";

/** A kind that has nothing but what every object has, and one field. */
interface Lamp extends ApiObject {
	readonly color: string;
}

/** Its events are texts. */
const lampEvents: EventFactory<Lamp, string> = {
	change: (kind, lamp, { token }) => `${kind} ${lamp.name} ${lamp.color} @${token}`,
	snapshot: (lamp) => `there ${lamp.name} ${lamp.color}`,
	control: (kind, { token }) => `${kind} @${token}`,
	sizeBytes: (lamp) => lamp.color.length,
};

async function createLamps() {
	let sink: Sink<Lamp> | undefined;
	let head = 1n;
	const lamps = new Map<string, Lamp>();
	const feed: ChangeFeed<Lamp> = {
		exactVersions: true,
		async start(to) {
			sink = to;
			to.load({ objects: [], head, history: [], base: head });
		},
		freshness: () => ({ lagMs: 0, staleSinceMs: undefined }),
		newestVersion: async () => head,
	};
	const put = (name: string, color: string, labels: Lamp["labels"] = {}) => {
		head++;
		const resourceVersion = formatVersion(head);
		const object = { namespace: "hall", name, uid: name, labels, color, resourceVersion };
		const versions = { version: head, resumeVersion: head };
		sink?.append([{ ...versions, timeMs: 0, object, previous: lamps.get(name), deleted: false }]);
		lamps.set(name, object);
	};
	const replica = createReplica({
		feed,
		events: lampEvents,
		clock: createFakeClock(),
		historyLimits: { maxChanges: 100, maxAgeMs: 1e15, maxBytes: 1_000_000 },
		maxStreams: 10,
		observer: silentObserver,
	});
	await replica.start();
	const query = { resourceVersion: "", minResourceVersion: "", heartbeatIntervalMs: 15_000 };
	const watch = (labelSelector: string) =>
		replica.watch({ ...query, filter: filterOf({ labelSelector }), caller: new AbortController() });
	return { replica, put, watch };
}

test("a replica serves any kind of object: streams, reads and pages", async () => {
	const { replica, put, watch } = await createLamps();
	put("a", "red", { lit: "yes" });
	const stream = watch("lit=yes");
	const take = () => [...stream.take(1_000), ...stream.take(1_000), ...stream.take(1_000)];
	expect(take()).toEqual(["there a red", "synced @2"]);
	put("a", "blue", { lit: "yes" });
	put("b", "green");
	put("a", "black");
	expect(take()).toEqual(["modified a blue @3", "deleted a blue @5"]);
	expect(replica.get({ namespace: "hall", name: "a" })?.color).toBe("black");
	const page = await replica.list({
		...{ filter: filterOf(), pageSize: 1, pageToken: "", minResourceVersion: "" },
		caller: new AbortController(),
	});
	expect(page.objects.map(({ color }) => color)).toEqual(["black"]);
	expect(page.nextPageToken).toMatch(/^5\./);
	stream.close();
});
