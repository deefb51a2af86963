import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { WatchWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failureOf, type Service, smallSpec, startService } from "./service-harness.ts";

let service: Service;
let leave: AbortController;
beforeEach(async () => {
	leave = new AbortController();
	service = await startService({ defaultNamespace: "home" });
	const create = (namespace: string, name: string, labels = {}) =>
		service.client.createWukong({ wukong: { namespace, name, labels, spec: smallSpec } });
	await create("home", "web-2", { app: "web", tier: "gold" });
	await create("home", "web-1", { app: "web" });
	await create("home", "db", { app: "db" });
	await create("away", "web-1", { app: "web" });
	await service.settle();
});
afterEach(async () => {
	leave.abort();
	await service.close();
});

function watch(request: MessageInitShape<typeof WatchWukongRequestSchema>) {
	const stream = service.client.watchWukong(request, { signal: leave.signal });
	const iterator = stream[Symbol.asyncIterator]();
	const next = async (): Promise<WukongEvent> => (await iterator.next()).value;
	const upToSynced = async () => {
		const names: string[] = [];
		for (let event = await next(); event.type !== EventType.SYNCED; event = await next()) {
			names.push(`${event.wukong?.namespace}/${event.wukong?.name}`);
		}
		return names.sort();
	};
	return { next, upToSynced };
}

describe("ListWukongs", () => {
	const names = async (request: object) => {
		const { wukongs } = await service.client.listWukongs(request);
		return wukongs.map(({ namespace, name }) => `${namespace}/${name}`);
	};

	test("without a namespace lists all, ordered by namespace, then name", async () => {
		expect(await names({})).toEqual(["away/web-1", "home/db", "home/web-1", "home/web-2"]);
	});

	test("an unknown namespace lists as empty", async () => {
		expect(await names({ namespace: "nowhere" })).toEqual([]);
	});

	test("labels and label_selector both hold", async () => {
		const request = { namespace: "home", labels: { app: "web" }, labelSelector: "tier in (gold)" };
		expect(await names(request)).toEqual(["home/web-2"]);
	});

	test("pages of one snapshot hold every VM once", async () => {
		const { client } = service;
		const first = await client.listWukongs({ pageSize: 3 });
		const second = await client.listWukongs({ pageSize: 3, pageToken: first.nextPageToken });
		expect([...first.wukongs, ...second.wukongs]).toHaveLength(4);
		expect(second).toMatchObject({ nextPageToken: "", resourceVersion: first.resourceVersion });
	});

	test("wrong selectors, tokens and versions get a reason", async () => {
		const { client } = service;
		const reasonOf = async (request: object) =>
			(await failureOf(client.listWukongs(request))).reason;
		expect(await reasonOf({ labelSelector: "a in (" })).toBe("INVALID_REQUEST");
		expect(await reasonOf({ pageToken: "forged" })).toBe("PAGE_TOKEN_INVALID");
		expect(await reasonOf({ minResourceVersion: "no version" })).toBe("INVALID_REQUEST");
	});
});

describe("GetWukong", () => {
	test("without a namespace means the default one", async () => {
		const { wukong } = await service.client.getWukong({ name: "web-1" });
		expect(wukong?.namespace).toBe("home");
	});

	test("tells which VM is not there", async () => {
		expect(await failureOf(service.client.getWukong({ name: "none" }))).toMatchObject({
			code: "NotFound",
			reason: "WUKONG_NOT_FOUND",
			wukong: "home/none",
		});
	});

	test("refuses a malformed min_resource_version", async () => {
		const call = service.client.getWukong({ name: "db", minResourceVersion: "no version" });
		expect((await failureOf(call)).reason).toBe("INVALID_REQUEST");
	});

	test("sees its caller's own write at the version that the write told", async () => {
		const { client } = service;
		const { wukong: stopped } = await client.stopWukong({ name: "db" });
		const minResourceVersion = stopped?.resourceVersion ?? "";
		const { wukong } = await client.getWukong({ name: "db", minResourceVersion });
		expect(wukong?.spec?.startStrategy?.autoStart).toBe(false);
	});
});

describe("WatchWukong", () => {
	test("without a name and namespace shows all", async () => {
		expect(await watch({}).upToSynced()).toHaveLength(4);
	});

	test("with a name but no namespace means the default one", async () => {
		expect(await watch({ name: "web-1" }).upToSynced()).toEqual(["home/web-1"]);
	});

	test("shows what the selector lets through", async () => {
		const request = { namespace: "home", labelSelector: "app=web" };
		expect(await watch(request).upToSynced()).toEqual(["home/web-1", "home/web-2"]);
	});

	test.each([
		["15 s where the request does not say", undefined, 15_000],
		["the asked interval", { seconds: 2n }, 2_000],
	])("sends a HEARTBEAT after %s", async (_, heartbeatInterval, intervalMs) => {
		const { next, upToSynced } = watch(heartbeatInterval ? { heartbeatInterval } : {});
		await upToSynced();
		const startMs = service.clock.nowMs();
		const heartbeat = next();
		await service.clock.advance(intervalMs);
		const { type, time } = await heartbeat;
		expect(type).toBe(EventType.HEARTBEAT);
		expect(time && timestampMs(time)).toBe(startMs + intervalMs);
	});

	test("refuses an interval out of its limits and a wrong selector", async () => {
		const interval = watch({ heartbeatInterval: { nanos: 1 } }).next();
		expect(await failureOf(interval)).toMatchObject({
			reason: "INVALID_REQUEST",
			fields: ["heartbeat_interval"],
		});
		expect(await failureOf(watch({ labelSelector: "a in (" }).next())).toMatchObject({
			reason: "INVALID_REQUEST",
			fields: ["label_selector"],
		});
	});
});
