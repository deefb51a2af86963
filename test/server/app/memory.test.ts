import { Agent, type IncomingMessage, request as requestHttp } from "node:http";
import { buffer } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
	ListWukongsRequestSchema,
	ListWukongsResponseSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { standingOperator, startApp } from "../../support/running-app.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const mebibyte = 1_024 * 1_024;

/** What is alive after a garbage collection, in MiB. */
async function alive(): Promise<{ readonly heap: number; readonly buffers: number }> {
	for (let time = 0; time < 3; time++) {
		collectGarbage();
		await new Promise(setImmediate);
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return { heap: heapUsed / mebibyte, buffers: arrayBuffers / mebibyte };
}

/** So little that what is kept beyond it shows. */
const small = [`--encoding-cache-bytes=${6 * mebibyte}`, `--history-bytes=${4 * mebibyte}`];

type ListInit = MessageInitShape<typeof ListWukongsRequestSchema>;

/** Calls over one connection; answers are read to their end and forgotten. */
function createCaller(url: string) {
	const agent = new Agent({ keepAlive: true, maxSockets: 1 });
	const { port } = new URL(url);
	type Headers = Record<string, string>;
	const open = (
		method: string,
		body: Buffer,
		options: { headers: Headers; agent: Agent | false },
	) =>
		new Promise<IncomingMessage>((resolve, reject) => {
			const path = `/novasphere.v1.WukongService/${method}`;
			const to = { host: "127.0.0.1", port, method: "POST", path };
			const request = requestHttp({ ...to, ...options }, resolve);
			request.on("error", reject);
			request.end(body);
		});
	const call = async (method: string, body: Buffer, headers: Headers) =>
		buffer(await open(method, body, { headers, agent }));
	const listBinary = (init: ListInit) => {
		const request = create(ListWukongsRequestSchema, init);
		const body = Buffer.from(toBinary(ListWukongsRequestSchema, request));
		return call("ListWukongs", body, { "content-type": "application/proto" });
	};
	return {
		listBinary,
		list: async (init: ListInit) => fromBinary(ListWukongsResponseSchema, await listBinary(init)),
		async listJson(init: object, headers: Record<string, string> = {}) {
			const body = Buffer.from(JSON.stringify(init));
			const type = { "content-type": "application/json" };
			return (await call("ListWukongs", body, { ...type, ...headers })).byteLength;
		},
		/** @returns the bytes of one VM's new state in JSON */
		async update(wukong: object, headers: Headers = {}) {
			const body = Buffer.from(JSON.stringify({ wukong }));
			const type = { "content-type": "application/json" };
			return (await call("UpdateWukong", body, { ...type, ...headers })).byteLength;
		},
		/** A watch of everything whose events are read and forgotten; ends with the returned function. */
		async watch(form: "json" | "proto") {
			const headers = { "content-type": `application/connect+${form}` };
			const message = Buffer.from(form === "json" ? "{}" : "");
			const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
			const events = await open("WatchWukong", envelope, { headers, agent: false });
			events.resume().on("error", () => {});
			return () => events.destroy();
		},
		close: () => agent.destroy(),
	};
}

test("one caller's lists by old tokens, page sizes and selectors leave no pages behind", async () => {
	await using app = await startApp(...standingOperator, "--seed", "400", ...small);
	const caller = createCaller(app.url);
	const tokens: string[] = [];
	for (let cpu = 1; cpu <= 4; cpu++) {
		tokens.push((await caller.list({ pageSize: 1 })).nextPageToken);
		await caller.update({ name: "vm-0", spec: { cpu } });
	}
	const ask = async (pageSize: number) => {
		for (const pageToken of ["", ...tokens]) {
			await caller.listBinary({ pageToken, pageSize });
			expect(await caller.listJson({ pageToken, pageSize })).toBeGreaterThan(200_000);
		}
		const labelSelector = `!x${pageSize}`;
		await caller.listJson({ labelSelector });
	};
	await ask(401);
	const before = await alive();
	for (let pageSize = 402; pageSize <= 413; pageSize++) await ask(pageSize);
	const after = await alive();
	expect(after.buffers - before.buffers).toBeLessThan(10);
	expect(after.heap - before.heap).toBeLessThan(10);
	caller.close();
});

test("a history that is read in both forms takes no more than --history-bytes, its encoded forms included", async () => {
	await using app = await startApp(...standingOperator, "--seed", "1", ...small);
	const caller = createCaller(app.url);
	const leave = await Promise.all([caller.watch("json"), caller.watch("proto")]);
	const write = async (from: number, to: number) => {
		for (let time = from; time < to; time++) {
			const note = `${time} `.padEnd(16_384, "x");
			expect(await caller.update({ name: "vm-0", annotations: { note } })).toBeGreaterThan(16_384);
		}
	};
	await write(0, 20);
	const before = await alive();
	await write(20, 260);
	const after = await alive();
	const taken = after.buffers + after.heap - before.buffers - before.heap;
	expect(taken).toBeLessThan(6);
	for (const one of leave) one();
	caller.close();
});

test("nothing is kept of the hosts, media types, request ids, deadlines and origins that callers name", async () => {
	await using app = await startApp(
		...standingOperator,
		"--seed",
		"1",
		"--allowed-hosts=*",
		...small,
	);
	const caller = createCaller(app.url);
	const ask = async (from: number, to: number) => {
		for (let time = from; time < to; time++) {
			const word = `${time}-${"x".repeat(2_000)}`;
			const init = { labelSelector: `!k${time}`, labels: { [`l${time}`]: "v" } };
			await caller.listJson(init, {
				host: `${`${time}.`.padEnd(200, "a.")}example`,
				origin: `https://${time}.example`,
				"content-type": `application/json; charset=utf-8; x="${word}"`,
				"x-request-id": `${time}`.padEnd(128, "x"),
				"connect-timeout-ms": `${1_000 + time}`,
				"accept-encoding": word,
				[`x-${time}`]: word,
			});
		}
	};
	await ask(0, 100);
	const before = await alive();
	await ask(100, 700);
	const after = await alive();
	const taken = after.buffers + after.heap - before.buffers - before.heap;
	expect(taken).toBeLessThan(2);
	caller.close();
});
