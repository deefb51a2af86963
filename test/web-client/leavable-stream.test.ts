import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createWukongClient, type WukongClient } from "../../web-client/src/index.ts";
import { until } from "../support/until.ts";
import { type StreamCounts, scriptedService } from "./scripted-service.ts";

let counts: StreamCounts;
let server: Server;
let overHttp: WukongClient;

beforeEach(async () => {
	counts = { opened: 0, ended: 0, timeoutsMs: [] };
	server = createServer(connectNodeAdapter({ routes: scriptedService(counts) }));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	overHttp = createWukongClient({ baseUrl: `http://127.0.0.1:${port}` });
});

afterEach(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
	expect(counts.ended, "streams that the server still holds").toBe(counts.opened);
});

const inMemory = () =>
	createWukongClient({ transport: createRouterTransport(scriptedService(counts)) });

describe.each([
	["over HTTP", () => overHttp],
	["in memory", inMemory],
])("a watch %s", (_, client) => {
	test("gives the events in order", async () => {
		const versions: string[] = [];
		for await (const event of client().rpc.watchWukong({})) {
			versions.push(event.resourceVersion);
			if (versions.length === 3) break;
		}
		expect(versions).toEqual(["1", "2", "3"]);
		await until("the stream ends", () => counts.ended === 1);
	});

	test("ends on the server when its loop is left", async () => {
		for await (const _event of client().rpc.watchWukong({})) break;
		await until("the stream ends", () => counts.ended === 1);
	});

	test("ends on the server when its loop throws", async () => {
		const loop = async () => {
			for await (const _event of client().rpc.watchWukong({})) throw new Error("mine");
		};
		await expect(loop()).rejects.toThrow("mine");
		await until("the stream ends", () => counts.ended === 1);
	});

	test("ends without an error when its signal aborts in the silence", async () => {
		const controller = new AbortController();
		let events = 0;
		for await (const _event of client().rpc.watchWukong({}, { signal: controller.signal })) {
			events++;
			if (events === 3) setImmediate(() => controller.abort());
		}
		expect(events).toBe(3);
		await until("the stream ends", () => counts.ended === 1);
	});

	test("ends at once when its iterator is returned while it waits", async () => {
		const iterator = client().rpc.watchWukong({})[Symbol.asyncIterator]();
		for (let event = 0; event < 3; event++) await iterator.next();
		const waiting = iterator.next();
		await iterator.return?.();
		expect(await waiting).toEqual({ done: true, value: undefined });
		await until("the stream ends", () => counts.ended === 1);
	});

	test("opens a stream of its own for each loop", async () => {
		const watch = client().rpc.watchWukong({});
		for await (const _event of watch) break;
		for await (const _event of watch) break;
		expect(counts.opened).toBe(2);
		await until("both streams end", () => counts.ended === 2);
	});

	test("has no deadline", async () => {
		for await (const _event of client().rpc.watchWukong({})) break;
		expect(counts.timeoutsMs).toEqual([undefined]);
		await until("the stream ends", () => counts.ended === 1);
	});
});

test("a watch whose signal has aborted before asks nothing", async () => {
	const events = [];
	for await (const event of overHttp.rpc.watchWukong({}, { signal: AbortSignal.abort() }))
		events.push(event);
	expect(events).toEqual([]);
	expect(counts.opened).toBe(0);
});

test("forty left loops leave the connections free for calls", async () => {
	for (let loop = 0; loop < 40; loop++) {
		for await (const _event of overHttp.rpc.watchWukong({})) break;
	}
	await until("all streams end", () => counts.ended === 40);
	expect(counts.opened).toBe(40);
});

test("a stream that the service ends with a failure throws it", async () => {
	const client = createWukongClient({
		transport: createRouterTransport(
			scriptedService(counts, {
				// biome-ignore lint/correctness/useYield: a stream that fails before its first event
				async *watchWukong() {
					throw new ConnectError("stopping", Code.Unavailable);
				},
			}),
		),
	});
	const loop = async () => {
		for await (const _event of client.rpc.watchWukong({})) break;
	};
	await expect(loop()).rejects.toMatchObject({ code: Code.Unavailable });
});
