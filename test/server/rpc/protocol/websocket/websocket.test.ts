import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, describe, expect, test } from "vitest";
import { createCertificateFiles } from "../../../../support/certificate.ts";
import { openRaw } from "../../../../support/raw-client.ts";
import {
	createClientFrame,
	createHandshake,
	openRawWebSocket,
	type Said,
} from "../../../../support/raw-websocket.ts";
import { type RunningApp, standingOperator, startApp } from "../../../../support/running-app.ts";
import { until } from "../../../../support/until.ts";

let app: RunningApp | undefined;

async function start(...flags: string[]) {
	app = await startApp(...standingOperator, ...flags);
	const port = Number(new URL(app.url).port);
	const { url } = app;
	return {
		app,
		port,
		open: (path?: string, ...fields: string[]) => openRawWebSocket(port, path, ...fields),
		async call(method: keyof typeof WukongService.method, request: unknown) {
			const { name } = WukongService.method[method];
			const answer = await fetch(`${url}/${WukongService.typeName}/${name}`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(request),
			});
			expect(answer.status, await answer.clone().text()).toBe(200);
			return answer.json();
		},
	};
}

afterEach(async () => {
	await app?.close();
	app = undefined;
});

const vm = (name: string, labels = {}) => ({
	wukong: {
		name,
		labels,
		spec: { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] },
	},
});

/** Events of one subscription in short: `ADDED vm-1`, `SYNCED`. */
function eventsOf(said: readonly Said[], id: string): string[] {
	return said
		.filter((message) => message.type === "events" && message.id === id)
		.flatMap(({ events }) => events)
		.map(({ type, wukong }) => (wukong === undefined ? type : `${type} ${wukong.name}`));
}

const isStatus = (id: string) => (message: Said) => message.type === "status" && message.id === id;

describe("a WebSocket", () => {
	test("carries several watches, each event with the id of its own", async () => {
		const { open, call } = await start("--seed=2");
		const socket = await open();
		await socket.send({ type: "subscribe", id: "all" });
		await socket.send({ type: "subscribe", id: "web", query: { labelSelector: "app=web" } });
		await socket.send({ type: "subscribe", id: "one", query: { name: "new" } });
		const events = (id: string) => eventsOf(socket.said(), id);
		await until("all are level", () =>
			["all", "web", "one"].every((id) => events(id).includes("SYNCED")),
		);
		await call("createWukong", vm("new", { app: "web" }));
		await until("all have heard", () =>
			["all", "web", "one"].every((id) => events(id).includes("ADDED new")),
		);
		expect(events("all").slice(0, 4)).toEqual(["ADDED vm-0", "ADDED vm-1", "SYNCED", "ADDED new"]);
		expect(events("web").slice(0, 2)).toEqual(["SYNCED", "ADDED new"]);
		expect(events("one").slice(0, 2)).toEqual(["SYNCED", "ADDED new"]);
		await socket.close();
	});

	test("resumes one watch by its token, without a gap", async () => {
		const { open, call } = await start();
		const first = await open();
		await first.send({ type: "subscribe", id: "a" });
		const { events } = await first.expectSaid(({ type }) => type === "events");
		const { resourceVersion } = events.at(-1);
		await first.close();
		await call("createWukong", vm("meanwhile"));
		const second = await open();
		await second.send({ type: "subscribe", id: "a", query: { resourceVersion } });
		await until("it is level", () => eventsOf(second.said(), "a").includes("SYNCED"));
		expect(eventsOf(second.said(), "a")).toEqual([
			"ADDED meanwhile",
			"MODIFIED meanwhile",
			"SYNCED",
		]);
		await second.send({ type: "subscribe", id: "b", query: { resourceVersion: "7" } });
		await until("it is level", () => eventsOf(second.said(), "b").includes("SYNCED"));
		expect(eventsOf(second.said(), "b")).toEqual(["RESET", "ADDED meanwhile", "SYNCED"]);
		await second.close();
	});

	test("ends a watch when it is told to: its status comes last, and its id is free again", async () => {
		const { app, open } = await start();
		const socket = await open();
		for (let round = 0; round < 3; round++) {
			await socket.send({ type: "subscribe", id: "a" });
			await until("it is level", () => eventsOf(socket.said(), "a").length === round + 1);
			await socket.send({ type: "unsubscribe", id: "a" });
			await until("it has ended", () => socket.said().filter(isStatus("a")).length === round + 1);
		}
		const { status, requestId } = socket.said().at(-1);
		expect(status).toMatchObject({ code: 1, reason: "CANCELED" });
		expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
		expect(await app.metric("wukong_watch_streams")).toBe(0);
		await socket.send({ type: "unsubscribe", id: "never" });
		await socket.send({ type: "subscribe", id: "b" });
		await socket.expectSaid(({ id }) => id === "b");
		await socket.close();
	});

	test("says heartbeats as often as a watch asks for", async () => {
		const { open } = await start();
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a", query: { heartbeatInterval: "1s" } });
		await until("it beats", () => eventsOf(socket.said(), "a").includes("HEARTBEAT"));
		await socket.close();
	});

	test.each([
		["an unknown name", { labelSelektor: "a" }, "INVALID_REQUEST", ""],
		["a wrong type", { name: 7 }, "INVALID_REQUEST", "name"],
		["a bad selector", { labelSelector: "a in b" }, "INVALID_REQUEST", "label_selector"],
		["a bad interval", { heartbeatInterval: "999s" }, "INVALID_REQUEST", "heartbeat_interval"],
		["a bad name", { name: "Bad_Name" }, "INVALID_REQUEST", "name"],
		["no object", [], "INVALID_REQUEST", ""],
	])(
		"refuses a query (%s) with the status of a call, and goes on",
		async (_, query, reason, field) => {
			const { open } = await start();
			const socket = await open();
			await socket.send({ type: "subscribe", id: "a", query });
			const { status } = await socket.expectSaid(isStatus("a"));
			expect(status).toMatchObject({ code: 3, reason });
			expect(status.details).toContainEqual(
				expect.objectContaining({
					"@type": "type.googleapis.com/google.rpc.ErrorInfo",
					domain: "novasphere.dev",
					reason,
				}),
			);
			if (field !== "") expect(JSON.stringify(status.details)).toContain(`"field":"${field}"`);
			expect(JSON.stringify(status.details)).toContain("fieldViolations");
			await socket.send({ type: "subscribe", id: "a" });
			await socket.expectSaid(({ type }) => type === "events");
			await socket.close();
		},
	);

	test("is limited: subscriptions of a socket, and streams in all", async () => {
		const { open } = await start("--max-concurrent-streams=2", "--max-watch-streams=3");
		const socket = await open();
		for (const id of ["a", "b", "c"]) await socket.send({ type: "subscribe", id });
		const refused = await socket.expectSaid(isStatus("c"));
		expect(refused.status).toMatchObject({ code: 8, reason: "TOO_MANY_REQUESTS" });
		expect(JSON.stringify(refused.status.details)).toContain("retryDelay");
		const other = await open();
		for (const id of ["d", "e"]) await other.send({ type: "subscribe", id });
		expect((await other.expectSaid(isStatus("e"))).status.reason).toBe("TOO_MANY_REQUESTS");
		await socket.send({ type: "unsubscribe", id: "a" });
		await socket.expectSaid(isStatus("a"));
		await socket.send({ type: "subscribe", id: "c" });
		await socket.expectSaid(({ type, id }) => type === "events" && id === "c");
		await socket.close();
		await other.close();
	});

	test("ends in order at a shutdown: HEARTBEAT and SHUTTING_DOWN for each watch, then 1001", async () => {
		const { app, open } = await start();
		const socket = await open();
		const idle = await open();
		for (const id of ["a", "b"]) await socket.send({ type: "subscribe", id });
		await until("both are level", () =>
			["a", "b"].every((id) => eventsOf(socket.said(), id).includes("SYNCED")),
		);
		const closed = app.close();
		expect(await idle.expectClose()).toMatchObject({ code: 1001 });
		const { code, reason } = await socket.expectClose();
		expect([code, reason]).toEqual([1001, "this replica is shutting down; connect again"]);
		for (const id of ["a", "b"]) {
			expect(eventsOf(socket.said(), id)).toEqual(["SYNCED", "HEARTBEAT"]);
			const { status } = socket.said().find(isStatus(id));
			expect(status).toMatchObject({ code: 14, reason: "SHUTTING_DOWN" });
			expect(JSON.stringify(status.details)).toContain('"retryDelay":"1s"');
		}
		await closed;
	});

	test("is counted and logged as calls of the protocol websocket", async () => {
		const { app, open } = await start();
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a" });
		await socket.expectSaid(({ type }) => type === "events");
		await socket.close();
		while ((await app.metric("wukong_watch_streams")) > 0);
		const metrics = await (await fetch(`${app.url}/metrics`)).text();
		expect(metrics).toContain('method="WatchWukong",code="canceled",protocol="websocket"} 1');
	});
});

describe("what all share is made once", () => {
	test("an event is encoded once for all subscriptions, on one socket and on many", async () => {
		const { app, open, call } = await start();
		const sockets = await Promise.all([open(), open(), open()]);
		for (const socket of sockets) {
			for (const id of ["a", "b"]) await socket.send({ type: "subscribe", id });
			await until("both are level", () =>
				["a", "b"].every((id) => eventsOf(socket.said(), id).includes("SYNCED")),
			);
		}
		const label = 'wukong_encodings_total{message="WukongEvent",form="json"}';
		const encoded = await app.metric(label);
		await call("createWukong", vm("new"));
		for (const socket of sockets) {
			await until("all have heard", () =>
				["a", "b"].every((id) => eventsOf(socket.said(), id).length === 3),
			);
		}
		// ADDED, and MODIFIED by the operator's first look.
		expect((await app.metric(label)) - encoded).toBe(2);
		for (const socket of sockets) await socket.close();
	});

	test("over TLS, too", async () => {
		const files = await createCertificateFiles();
		const { port } = await start("--tls-cert", files.certFile, "--tls-key", files.keyFile);
		await files.remove();
		const client = await openRaw(port, "http/1.1");
		await client.send(createHandshake("/ws"));
		await client.expectText("101 Switching");
		await client.send(createClientFrame('{"type":"subscribe","id":"a"}'));
		await client.expectText('{"type":"events","id":"a","events":[{"type":"SYNCED"');
		client.socket.destroy();
	});
});

describe("the handshake (RFC 6455, 4.2)", () => {
	test("agrees on wukong.v1, on no extension, and gives its request id", async () => {
		const { open } = await start();
		const fields = [
			"Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.x, wukong.v1",
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
			"X-Request-Id: mine",
		];
		const socket = await open("/ws?x=1", ...fields);
		expect(socket.head).toContain("Sec-WebSocket-Protocol: wukong.v1\r\n");
		expect(socket.head).toMatch(/x-request-id: mine\r\n/i);
		expect(socket.head).not.toMatch(/sec-websocket-extensions/i);
		await socket.close();
	});

	test("does without a subprotocol, as a bare page offers none", async () => {
		const { open } = await start();
		const socket = await open();
		expect(socket.head).not.toMatch(/sec-websocket-protocol/i);
		await socket.close();
	});

	test.each([
		["an unknown subprotocol", 400, ["Sec-WebSocket-Protocol: graphql-ws"], /wukong\.v1/],
		["a foreign origin", 403, ["Origin: https://evil.example"], /--cors-origins/],
		["the origin null", 403, ["Origin: null"], /--cors-origins/],
		["another version", 426, ["Sec-WebSocket-Version: 8"], /version 13/],
		["no key", 400, ["Sec-WebSocket-Key: short"], /sec-websocket-key/],
	])("refuses %s with %i before the upgrade", async (_, status, fields, words) => {
		const { port } = await start();
		const name = fields[0]?.split(":")[0] as string;
		const kept = createHandshake("/api/v1/ws")
			.split("\r\n")
			.filter((line) => !line.startsWith(`${name}:`));
		const client = await openRaw(port);
		await client.send([...kept.slice(0, -2), ...fields, "", ""].join("\r\n"));
		await client.expectClosed();
		expect(client.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		expect(client.received()).toMatch(words);
		if (status === 426) expect(client.received()).toMatch(/sec-websocket-version: 13\r\n/i);
	});

	test("is asked for by a plain GET with 426 (RFC 9110, 15.5.22)", async () => {
		const { app } = await start();
		for (const path of ["/ws", "/api/v1/ws?a=b"]) {
			const answer = await fetch(`${app.url}${path}`);
			expect([answer.status, answer.headers.get("upgrade")]).toEqual([426, "websocket"]);
		}
	});
});
