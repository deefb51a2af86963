import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, describe, expect, test } from "vitest";
import { createFaults } from "../faults.ts";
import { groups } from "../group.ts";
import { envelope } from "../load/envelope.ts";
import { encode } from "../payload/form.ts";
import { createPayload } from "../payload/payload.ts";
import type { ServerProcess } from "../servers/server-process.ts";
import type { ServerSpec } from "../servers/server-spec.ts";
import type { Setting } from "./case.ts";
import { createFanOutCase } from "./fan-out-case.ts";
import { getCall, only } from "./unary-call.ts";
import { createUnaryCase } from "./unary-case.ts";

const names = Array.from({ length: 10 }, (_, place) => `vm-${place}`);
const payload = createPayload(
	create(ListWukongsResponseSchema, {
		resourceVersion: "1",
		wukongs: names.map((name) => ({ name, spec: { cpu: 1 }, status: { phase: "Running" } })),
	}),
);

const closing: (() => void)[] = [];
afterEach(() => {
	for (const close of closing.splice(0)) close();
});

/** A server in this process, so that a test can plant a fault in it. */
function planted(listener: RequestListener, play: ServerProcess["play"] = () => {}) {
	const faults = createFaults(() => {});
	const spec: ServerSpec = {
		name: "planted",
		command: () => [],
		readAddresses: () => undefined,
	};
	const setting: Setting = {
		payload: () => ({ ...payload, folder: "" }),
		faults,
		async start() {
			let asked = 0;
			const server = createServer(listener).listen(0, "127.0.0.1");
			await once(server, "listening");
			closing.push(() => server.close().closeAllConnections());
			const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
			return {
				http1: url,
				http2: url,
				// Each window takes a second of CPU: what it counts per second is what it counts.
				cpuMs: async () => 1_000 * asked++,
				memory: async () => ({ rssBytes: 0, heapBytes: 0 }),
				longestTurnMs: async () => 0,
				play,
				async stop() {},
			};
		},
	};
	return { faults, spec, setting };
}

describe("wrong answers", () => {
	const getCase = createUnaryCase({
		id: "get",
		title: "Get",
		group: groups.calls,
		servers: [],
		wire: "http1-json",
		calls: only(getCall),
	});
	const right = encode(GetWukongResponseSchema, payload.get, "json");
	const wrong = encode(
		GetWukongResponseSchema,
		{ wukong: payload.list.wukongs[1] as (typeof payload.list.wukongs)[0] },
		"json",
	);

	async function run(answer: (call: number) => [status: number, body: Buffer]) {
		let calls = 0;
		const { faults, spec, setting } = planted((request, response) => {
			request.resume().on("end", () => {
				const [status, body] = answer(calls++);
				response.writeHead(status, { "content-length": body.length }).end(body);
			});
		});
		const load = await getCase.prepare(spec, setting);
		const { cpu: units } = await load.run(1);
		await load.close();
		return { units, calls, faults: faults.texts() };
	}

	test("none: every answer counts", async () => {
		const { units, calls, faults } = await run(() => [200, right]);
		expect(faults).toEqual([]);
		expect(units).toBe(calls);
	});

	test("another VM than the one that was asked for is no answer", async () => {
		const { units, faults } = await run(() => [200, wrong]);
		expect(units).toBe(0);
		expect(faults).toEqual([expect.stringMatching(/^\d+ × Get, planted: wrong content$/)]);
	});

	test("a refusal among right answers is found", async () => {
		const { units, calls, faults } = await run((call) => [call === 3 ? 503 : 200, right]);
		expect(faults).toEqual(["1 × Get, planted: HTTP 503"]);
		expect(units).toBe(calls - 1);
	});

	test("an answer that is cut short is found", async () => {
		const { faults } = await run((call) => [200, call === 3 ? right.subarray(1) : right]);
		expect(faults).toEqual([`1 × Get, planted: ${right.length - 1} bytes, not ${right.length}`]);
	});
});

describe("a watch", () => {
	/**
	 * @param write sends a change, by its place, to a stream, by its number
	 * @param burstCeilingMs short where not all is to come
	 */
	async function run(
		write: (place: number, stream: number, send: () => void) => void,
		burstCeilingMs = 60_000,
	) {
		const watches: ServerResponse[] = [];
		const play: ServerProcess["play"] = ({ first, count }) => {
			for (let change = first; change < first + count; change++) {
				const place = change % names.length;
				const event = payload.changed[place] ?? payload.synced;
				const frame = envelope(encode(WukongEventSchema, event, "json"));
				for (const [stream, response] of watches.entries()) {
					write(place, stream, () => response.write(frame));
				}
			}
		};
		const { faults, spec, setting } = planted((_request, response) => {
			response.write(envelope(encode(WukongEventSchema, payload.synced, "json")));
			watches.push(response);
		}, play);
		const fanOut = createFanOutCase({
			id: "watch",
			title: "Watch",
			group: groups.watches,
			servers: [],
			wire: "connect-json",
			streams: 3,
			burstCeilingMs,
		});
		const load = await fanOut.prepare(spec, setting);
		try {
			const { cpu: units } = await load.run(1);
			return { units, faults: faults.texts() };
		} finally {
			await load.close();
		}
	}

	test("that gets every change once has no fault", async () => {
		const { units, faults } = await run((_place, _stream, send) => send());
		expect(faults).toEqual([]);
		expect(units).toBe(3 * names.length);
	});

	test("that misses one change fails", async () => {
		const lossy = run((place, stream, send) => {
			if (place !== 4 || stream !== 2) send();
		}, 1_000);
		await expect(lossy).rejects.toThrow("29 of 30 delivered");
	});

	test("that gets one change in another's place is found", async () => {
		const { faults } = await run((place, stream, send) => {
			if (stream !== 0 || place !== 4) send();
			if (stream === 0 && place === 5) send();
		});
		expect(faults).toEqual([
			"1 × Watch, planted: vm-4 was not delivered once to each sampled stream",
			"1 × Watch, planted: vm-5 was not delivered once to each sampled stream",
		]);
	});
});
