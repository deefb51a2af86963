import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { type RunningApp, standingOperator, startApp } from "../../support/running-app.ts";

const vmCount = 20;
const streamCount = 50;

const transports = [
	(baseUrl: string) =>
		createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
	(baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }),
	(baseUrl: string) => createGrpcTransport({ baseUrl }),
];

/** Opens a watch; reads on to the next event of a type. */
function watch(client: Client<typeof WukongService>, signal: AbortSignal) {
	const events = client.watchWukong({}, { signal })[Symbol.asyncIterator]();
	return async (type: EventType): Promise<WukongEvent> => {
		for (;;) {
			const next = await events.next();
			if (next.done === true) throw new Error("the stream has ended");
			if (next.value.type === type) return next.value;
		}
	};
}

async function encodings(app: RunningApp, message: string) {
	const labelled = (form: string) => `wukong_encodings_total{message="${message}",form="${form}"}`;
	return [await app.metric(labelled("json")), await app.metric(labelled("binary"))];
}

test(`${streamCount} streams in three forms: each object is encoded once for JSON and once in binary`, async () => {
	await using app = await startApp(...standingOperator, "--seed", String(vmCount));
	const clients = transports.map((create) => createClient(WukongService, create(app.url)));
	const leaving = new AbortController();
	const readers = Array.from({ length: streamCount }, (_, i) =>
		watch(clients[i % clients.length] as Client<typeof WukongService>, leaving.signal),
	);
	await Promise.all(readers.map((readTo) => readTo(EventType.SYNCED)));
	expect(await encodings(app, "Wukong")).toEqual([vmCount, vmCount]);
	const [jsonEvents = 0, binaryEvents = 0] = await encodings(app, "WukongEvent");

	await clients[2]?.updateWukong({ wukong: { name: "vm-0", labels: { a: "b" } } });
	await Promise.all(readers.map((readTo) => readTo(EventType.MODIFIED)));
	expect(await encodings(app, "Wukong")).toEqual([vmCount + 1, vmCount + 1]);
	expect(await encodings(app, "WukongEvent")).toEqual([jsonEvents + 1, binaryEvents + 1]);

	// Lists and Gets put the same bytes in.
	for (const client of clients) {
		await client.listWukongs({});
		await client.getWukong({ name: "vm-0" });
	}
	expect(await encodings(app, "Wukong")).toEqual([vmCount + 1, vmCount + 1]);
	leaving.abort();
});
