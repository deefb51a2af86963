import { Code, ConnectError } from "@connectrpc/connect";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../support/certificate.ts";
import { type RunningApp, standingOperator, startApp } from "../support/running-app.ts";
import { manifest, playScenario } from "./scenario.ts";
import { errorRecord, messageRecord } from "./transcript.ts";
import type { WireClient } from "./wire-client.ts";
import { type Wire, wires } from "./wires.ts";

let certificate: CertificateFiles;
beforeAll(async () => {
	certificate = await createCertificateFiles();
});
afterAll(() => certificate.remove());

/** A fresh service for each wire, so that equal calls must have equal answers. */
async function withWire(
	wire: Wire,
	use: (client: WireClient, app: RunningApp) => Promise<void>,
): Promise<void> {
	const tls = ["--tls-cert", certificate.certFile, "--tls-key", certificate.keyFile];
	const app = await startApp(...standingOperator, ...(wire.tls ? tls : []));
	const client = wire.connect({
		url: app.url,
		certificate: wire.tls ? certificate.cert : undefined,
	});
	try {
		await use(client, app);
	} finally {
		client.close();
		await app.close();
	}
}

const eventRecord = (event: WukongEvent) => messageRecord(WukongEventSchema, event);

/** Watches while VMs come, change and go; the first messages, up to and with the DELETED. */
async function playWatch(client: WireClient): Promise<WukongEvent[]> {
	const wukong = manifest as never;
	await client.unary("createWukong", { wukong });
	const leaver = new AbortController();
	const events: WukongEvent[] = [];
	try {
		for await (const event of client.watch({ labelSelector: "app" }, { signal: leaver.signal })) {
			events.push(event);
			if (event.type === EventType.SYNCED) {
				await client.unary("createWukong", { wukong: { ...manifest, name: "db-2" } as never });
				await client.unary("stopWukong", { name: "db-2" });
				await client.unary("updateWukong", {
					wukong: { name: "db-1" },
					updateMask: { paths: ["labels"] } as never,
				});
			}
			if (event.type === EventType.DELETED) leaver.abort();
		}
	} catch (error) {
		expect(ConnectError.from(error).code).toBe(Code.Canceled);
	}
	return events;
}

describe("the same answers on every wire", () => {
	const first = wires[0] as Wire;
	let answers: Record<string, unknown>;
	let events: unknown[];

	beforeAll(async () => {
		await withWire(first, async (client) => {
			answers = await playScenario(client);
		});
		await withWire(first, async (client) => {
			events = (await playWatch(client)).map(eventRecord);
		});
	});

	test("the answers themselves are as checked in", () => {
		expect(answers).toMatchSnapshot();
		expect(events).toMatchSnapshot();
	});

	test("no answer holds a credential", () => {
		expect(JSON.stringify([answers, events])).not.toContain("hunter2");
	});

	describe.each(wires)("$name", (wire) => {
		test("every unary RPC, success and errors with details", async () => {
			await withWire(wire, async (client) => {
				expect(await playScenario(client)).toEqual(answers);
			});
		});

		test("a watch: each event once and in order", async () => {
			await withWire(wire, async (client) => {
				expect((await playWatch(client)).map(eventRecord)).toEqual(events);
			});
		});

		test("a watch resumes where it was, and starts over from a version that is too old", async () => {
			await withWire(wire, async (client) => {
				const first = await untilSynced(client, "");
				await client.unary("createWukong", { wukong: manifest as never });
				const token = first[0]?.resourceVersion ?? "";
				const resumed = await untilSynced(client, token);
				const tooOld = await untilSynced(client, "7");
				expect(types(first)).toEqual(["SYNCED"]);
				// The MODIFIED is the operator's first look.
				expect(types(resumed)).toEqual(["ADDED", "MODIFIED", "SYNCED"]);
				expect(types(tooOld)).toEqual(["RESET", "ADDED", "SYNCED"]);
			});
		});

		test("a unary call that its caller leaves is CANCELED, and the next one is answered", async () => {
			await withWire(wire, async (client) => {
				const leaver = new AbortController();
				const left = client.unary("listWukongs", {}, { signal: leaver.signal });
				leaver.abort();
				expect(await left.then(() => undefined, errorRecord)).toMatchObject({ code: "Canceled" });
				// The connection is none the worse for it.
				await client.unary("listWukongs", {});
			});
		});

		test("a cancelled watch is freed on the server", async () => {
			await withWire(wire, async (client, app) => {
				const leaver = new AbortController();
				const iterator = client.watch({}, { signal: leaver.signal })[Symbol.asyncIterator]();
				await iterator.next();
				const pending = iterator.next().then(
					() => "answered",
					(error) => Code[ConnectError.from(error).code],
				);
				leaver.abort();
				expect(await pending).toBe("Canceled");
				await streamsEnd(app);
			});
		});

		test("a watch ends at its deadline, on the server too", async () => {
			await withWire(wire, async (client, app) => {
				const types: EventType[] = [];
				const watch = async () => {
					for await (const event of client.watch({}, { timeoutMs: 1_000 })) types.push(event.type);
				};
				const failure = await watch().then(() => undefined, errorRecord);
				expect(failure).toMatchObject({ code: "DeadlineExceeded" });
				expect(types).toEqual([EventType.SYNCED]);
				await streamsEnd(app);
			});
		});

		test("a refused watch tells its reason and fields", async () => {
			await withWire(wire, async (client) => {
				const iterator = client.watch({ labelSelector: "a in b" })[Symbol.asyncIterator]();
				const failure = await iterator.next().then(() => undefined, errorRecord);
				expect(failure).toMatchObject({
					code: "InvalidArgument",
					reason: "INVALID_REQUEST",
					violations: [expect.stringContaining("label_selector: ")],
				});
			});
		});

		test("a shutdown is a last HEARTBEAT, then SHUTTING_DOWN with a retry hint", async () => {
			await withWire(wire, async (client, app) => {
				const types: EventType[] = [];
				let closed: Promise<void> | undefined;
				const watch = async () => {
					for await (const event of client.watch({})) {
						types.push(event.type);
						closed ??= app.close();
					}
				};
				const failure = await watch().then(() => undefined, errorRecord);
				expect(types).toEqual([EventType.SYNCED, EventType.HEARTBEAT]);
				expect(failure).toMatchObject({
					code: "Unavailable",
					reason: "SHUTTING_DOWN",
					retries: true,
				});
				client.close();
				await closed;
			});
		});
	});
});

const types = (events: readonly WukongEvent[]) => events.map(({ type }) => EventType[type]);

async function untilSynced(client: WireClient, resourceVersion: string): Promise<WukongEvent[]> {
	const leaver = new AbortController();
	const iterator = client
		.watch({ resourceVersion }, { signal: leaver.signal })
		[Symbol.asyncIterator]();
	const events: WukongEvent[] = [];
	do {
		events.push((await iterator.next()).value);
	} while (events.at(-1)?.type !== EventType.SYNCED);
	leaver.abort();
	// connect hides the iterator's return: what ends the call is the signal.
	await iterator.next().catch(() => {});
	return events;
}

async function streamsEnd(app: RunningApp): Promise<void> {
	for (;;) {
		if ((await app.metric("wukong_watch_streams")) === 0) return;
	}
}
