import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { openPlainWatch, type PlainForm } from "../../support/plain-watch.ts";
import { type RunningApp, standingOperator, startApp } from "../../support/running-app.ts";
import { until } from "../../support/until.ts";

const vmCount = 20;
/** Nothing is told but what a test does: a HEARTBEAT would be encoded, too. */
const silent = [...standingOperator, "--heartbeat-interval-ms=300000"];
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

/** Reads a stream of plain HTTP; resolves once it has said a word. */
async function readPlain(app: RunningApp, form: PlainForm) {
	const { body, cut } = await openPlainWatch({ url: app.url, form, request: {} });
	let text = "";
	body.on("data", (chunk) => {
		text += chunk;
	});
	return { cut, hears: (word: string) => until(`${form} says ${word}`, () => text.includes(word)) };
}

test("streams of Connect JSON, SSE and NDJSON: each event is encoded once for all forms of JSON", async () => {
	await using app = await startApp(...silent, "--seed", String(vmCount));
	const [json] = transports.map((create) => createClient(WukongService, create(app.url)));
	const leaving = new AbortController();
	const client = json as Client<typeof WukongService>;
	const readTo = watch(client, leaving.signal);
	const forms = (["sse", "ndjson"] as const).flatMap((form) => [form, form, form]);
	const readers = await Promise.all(forms.map((form) => readPlain(app, form)));
	await Promise.all([readTo(EventType.SYNCED), ...readers.map(({ hears }) => hears("SYNCED"))]);
	expect(await encodings(app, "Wukong")).toEqual([vmCount, 0]);
	for (let turn = 1; turn <= 3; turn++) {
		const [before = 0] = await encodings(app, "WukongEvent");
		await client.updateWukong({ wukong: { name: "vm-0", labels: { turn: `turn-${turn}` } } });
		const word = `turn-${turn}`;
		await Promise.all([readTo(EventType.MODIFIED), ...readers.map(({ hears }) => hears(word))]);
		expect(await encodings(app, "WukongEvent")).toEqual([before + 1, 0]);
		expect(await encodings(app, "Wukong")).toEqual([vmCount + turn, 0]);
	}
	await (await fetch(`${app.url}/api/v1/wukongs?format=array`)).text();
	expect(await encodings(app, "Wukong")).toEqual([vmCount + 3, 0]);
	for (const { cut } of readers) cut();
	leaving.abort();
});

test(`${streamCount} streams in three forms: each object is encoded once for JSON and once in binary`, async () => {
	await using app = await startApp(...silent, "--seed", String(vmCount));
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
