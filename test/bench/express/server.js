// Express without middleware but its own JSON parser, as its guide shows it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import express from "express";
import { WebSocketServer } from "ws";
import { onBurst } from "../peers/control.ts";

const service = "/novasphere.v1.WukongService/";
const list = JSON.parse(readFileSync(join(process.argv[2], "list.json"), "utf8"));
const byReference = new Map(
	list.wukongs.map((wukong) => [`${wukong.namespace}/${wukong.name}`, { wukong }]),
);

const app = express();
app.use(express.json());
app.post(`${service}GetWukong`, (request, response) => {
	const { namespace, name } = request.body;
	const answer = byReference.get(`${namespace}/${name}`);
	if (answer === undefined) response.sendStatus(404);
	else response.json(answer);
});
app.post(`${service}ListWukongs`, (_request, response) => {
	response.json(list);
});

const streams = { events: new Set(), lines: new Set() };
app.get("/api/v1/:collection", (request, response) => {
	const isEvents = request.accepts("text/event-stream") === "text/event-stream";
	const form = isEvents ? "events" : "lines";
	response.set("content-type", isEvents ? "text/event-stream" : "application/x-ndjson");
	response.flushHeaders();
	response.write(write[form](synced));
	streams[form].add(response);
	response.on("close", () => streams[form].delete(response));
});

/** An event in each form, as guides to streams with Express write it. */
const write = {
	events: (event) =>
		`event: ${event.type.toLowerCase()}\nid: ${event.resourceVersion}\ndata: ${JSON.stringify(event)}\n\n`,
	lines: (event) => `${JSON.stringify(event)}\n`,
};
const { resourceVersion } = list;
const synced = { type: "SYNCED", resourceVersion };
const changed = list.wukongs.map((wukong, place) => ({
	type: "MODIFIED",
	wukong: { ...wukong, labels: { ...wukong.labels, bench: `c${String(place).padStart(7, "0")}` } },
	resourceVersion,
	time: new Date().toISOString(),
}));

/** With "shared" the bytes of an event are made once for all streams. */
const isShared = process.argv[3] === "shared";
onBurst((places) => {
	for (const [form, open] of Object.entries(streams)) {
		const events = places.map((place) => changed[place]);
		const bytes = isShared && events.map((event) => Buffer.from(write[form](event)));
		for (const response of open) {
			for (const [at, event] of events.entries()) {
				response.write(isShared ? bytes[at] : write[form](event));
			}
		}
	}
	if (webSockets.clients.size === 0) return;
	const events = places.map((place) => changed[place]);
	const bytes = isShared && events.map((event) => Buffer.from(messageOf(event)));
	for (const client of webSockets.clients) {
		for (const [at, event] of events.entries()) {
			// A message in a buffer would be binary without a word.
			if (isShared) client.send(bytes[at], { binary: false });
			else client.send(messageOf(event));
		}
	}
}, changed.length);

/** What a WebSocket says of its one subscription. */
const messageOf = (event) => JSON.stringify({ type: "events", id: "0", events: [event] });

const server = app.listen(0, "127.0.0.1", () => {
	const url = `http://127.0.0.1:${server.address().port}`;
	process.stdout.write(`http1 ${url}\nhttp2 ${url}\n`);
});
/** As the page of `ws` has a server that tells all clients. */
const webSockets = new WebSocketServer({ server, path: "/api/v1/ws" });
webSockets.on("connection", (client) => {
	client.on("error", () => {});
	client.once("message", () => client.send(messageOf(synced)));
});
// Node's 5 s would close the load's connections between two of its turns.
server.keepAliveTimeout = 300_000;
