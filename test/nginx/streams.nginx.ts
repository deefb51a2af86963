import { setTimeout as delay } from "node:timers/promises";
import { createConnectTransport } from "@connectrpc/connect-node";
import { WukongEvent_Type as EventType } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { createPlainReader, openPlainWatch, type PlainForm } from "../support/plain-watch.ts";
import { openRawWebSocket } from "../support/raw-websocket.ts";
import { standingOperator, startApp } from "../support/running-app.ts";
import { until } from "../support/until.ts";
import { manifest } from "../wire/scenario.ts";
import { createConnectWireClient } from "../wire/wire-client.ts";
import { startNginx } from "./nginx.ts";

/** Three times as long as nginx waits for an upstream that says nothing, as it comes (60 s). */
const idleMs = 180_000;
/** Far below the interval of heartbeats, which would push out what a buffer holds. */
const promptMs = 2_000;

/** Reads a watch through nginx; notes what came, and when. */
async function watch(url: string, form: PlainForm | "connect" | "websocket") {
	const heard: { readonly what: string; readonly atMs: number }[] = [];
	const note = (what: string) => void heard.push({ what, atMs: performance.now() });
	if (form === "connect") {
		const transport = createConnectTransport({
			baseUrl: url,
			httpVersion: "1.1",
			useBinaryFormat: false,
		});
		const client = createConnectWireClient(transport);
		const follow = async () => {
			for await (const { type, wukong } of client.watch({})) {
				note(`${EventType[type]} ${wukong?.name ?? ""}`);
			}
		};
		void follow().catch((error) => note(`end ${error.code}`));
		return heard;
	}
	if (form === "websocket") {
		const socket = await openRawWebSocket(Number(new URL(url).port));
		socket.onSaid(({ type, events, status }) => {
			if (type === "status") note(`end ${status.code}`);
			for (const event of events ?? []) note(`${event.type} ${event.wukong?.name ?? ""}`);
		});
		await socket.send({ type: "subscribe", id: "a" });
		return heard;
	}
	const { body } = await openPlainWatch({ url, form, request: {} });
	const read = createPlainReader(form);
	body.on("data", (chunk) => {
		for (const message of read(chunk)) {
			if ("end" in message) note(`end ${message.end.code}`);
			else note(`${EventType[message.event.type]} ${message.event.wukong?.name ?? ""}`);
		}
	});
	return heard;
}

test("behind nginx as it comes (HTTP/1.0, buffering, 60 s; for WebSocket its upgrade lines) every form lives idle for 3 minutes and nothing is delayed", async () => {
	await using app = await startApp(...standingOperator);
	await using nginx = await startNginx(app.url);
	const forms = ["sse", "ndjson", "connect", "websocket"] as const;
	const streams = await Promise.all(forms.map((form) => watch(nginx.url, form)));
	const direct = createConnectWireClient(
		createConnectTransport({ baseUrl: app.url, httpVersion: "1.1" }),
	);
	const create = async (name: string) => {
		const startMs = performance.now();
		await direct.unary("createWukong", { wukong: { ...manifest, name } as never });
		const arrivals = () =>
			streams.map((heard) => heard.find(({ what }) => what === `ADDED ${name}`)?.atMs);
		await until(`all streams have heard of ${name}`, () => !arrivals().includes(undefined));
		for (const atMs of arrivals()) expect((atMs as number) - startMs).toBeLessThan(promptMs);
	};
	await until("all streams are live", () =>
		streams.every((heard) => heard.some(({ what }) => what === "SYNCED ")),
	);
	await create("before");
	await delay(idleMs);
	await create("after");
	for (const heard of streams) {
		const heartbeats = heard.filter(({ what }) => what === "HEARTBEAT ").length;
		expect(heartbeats).toBeGreaterThanOrEqual(idleMs / 15_000 - 1);
		expect(heard.filter(({ what }) => /^end|SYNCED/.test(what))).toHaveLength(1);
	}
	await app.close();
	await until("each stream has said why it ends", () =>
		streams.every((heard) => heard.at(-1)?.what === "end 14"),
	);
});
