import { Code, ConnectError } from "@connectrpc/connect";
import { WukongStatus_PowerState } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../support/certificate.ts";
import type { RunningApp } from "../support/running-app.ts";
import { playWatch, untilSynced } from "./play-watch.ts";
import { manifest, playScenario } from "./scenario.ts";
import { errorRecord, messageRecord } from "./transcript.ts";
import type { WireClient } from "./wire-client.ts";
import { type WireSession, type WireStage, withWire } from "./wire-stage.ts";
import { type Wire, wires } from "./wires.ts";

/** All that a client gets to hear in the scenario and in the watch. */
export interface WireTranscript {
	readonly answers: unknown;
	readonly events: unknown;
}

/** What must hold on every wire, whatever store is at its end. */
export function describeWires(title: string, stage: WireStage): void {
	let certificate: CertificateFiles;
	let expected: WireTranscript;
	const onWire = (wire: Wire, use: (session: WireSession) => Promise<void>) =>
		withWire({ stage, certificate }, wire, use);

	beforeAll(async () => {
		certificate = await createCertificateFiles();
		expected = await transcriptOf(stage, certificate);
	});
	afterAll(() => certificate.remove());

	describe(title, () => {
		test("no answer holds a credential", () => {
			expect(JSON.stringify(expected)).not.toContain("hunter2");
		});

		describe.each(wires)("$name", (wire) => {
			test("every unary RPC, success and errors with details", async () => {
				await onWire(wire, async ({ client, neutral }) => {
					const answers = neutral(await playScenario(client));
					expect(without(answers, wire)).toEqual(without(expected.answers, wire));
				});
			});

			test("a unary call that its caller leaves is CANCELED, and the next one is answered", async () => {
				await onWire(wire, async ({ client }) => {
					const leaver = new AbortController();
					const left = client.unary("listWukongs", {}, { signal: leaver.signal });
					leaver.abort();
					expect(await left.then(() => undefined, errorRecord)).toMatchObject({ code: "Canceled" });
					// The connection is none the worse for it.
					await client.unary("listWukongs", {});
				});
			});

			test("a cancelled wait is CANCELED, and freed on the server", async () => {
				await onWire(wire, async ({ client, app }) => {
					const leaver = new AbortController();
					const left = beginWait(client, leaver.signal);
					await streamsAre(app, 1);
					leaver.abort();
					expect(await left).toMatchObject({ code: "Canceled" });
					await streamsAre(app, 0);
					await client.unary("listWukongs", {});
				});
			});

			test("a wait at a shutdown is SHUTTING_DOWN with a retry hint", async () => {
				await onWire(wire, async ({ client, app }) => {
					const waiting = beginWait(client);
					await streamsAre(app, 1);
					const closed = app.close();
					expect(await waiting).toMatchObject({
						code: "Unavailable",
						reason: "SHUTTING_DOWN",
						retries: true,
					});
					client.close();
					await closed;
				});
			});
		});

		describe.each(wires.filter(({ isUnaryOnly = false }) => !isUnaryOnly))("$name", (wire) => {
			test("a watch: each event once and in order", async () => {
				await onWire(wire, async ({ client, neutral }) => {
					expect(neutral((await playWatch(client)).map(eventRecord))).toEqual(expected.events);
				});
			});

			test("a watch resumes where it was, and starts over from a version that is too old", async () => {
				await onWire(wire, async ({ client }) => {
					const first = await untilSynced(client, "");
					await client.unary("createWukong", { wukong: manifest as never });
					const token = first[0]?.resourceVersion ?? "";
					const resumed = await untilSynced(client, token);
					const tooOld = await untilSynced(client, "7");
					expect(types(first)).toEqual(["SYNCED"]);
					const look = stage.operated ? ["MODIFIED"] : [];
					expect(types(resumed)).toEqual(["ADDED", ...look, "SYNCED"]);
					expect(types(tooOld)).toEqual(["RESET", "ADDED", "SYNCED"]);
				});
			});

			test("a cancelled watch is freed on the server", async () => {
				await onWire(wire, async ({ client, app }) => {
					const leaver = new AbortController();
					const iterator = client.watch({}, { signal: leaver.signal })[Symbol.asyncIterator]();
					await iterator.next();
					const pending = iterator.next().then(
						() => "answered",
						(error) => Code[ConnectError.from(error).code],
					);
					leaver.abort();
					expect(await pending).toBe("Canceled");
					await streamsAre(app, 0);
				});
			});

			test("a watch ends at its deadline, on the server too", async () => {
				await onWire(wire, async ({ client, app }) => {
					const types: EventType[] = [];
					const watch = async (timeoutMs: number) => {
						for await (const event of client.watch({}, { timeoutMs })) types.push(event.type);
					};
					// Where the machine is so busy that nothing comes before the deadline, a longer one.
					for (let timeoutMs = 500; types.length === 0; timeoutMs *= 2) {
						const failure = await watch(timeoutMs).then(() => undefined, errorRecord);
						expect(failure).toMatchObject({ code: "DeadlineExceeded" });
					}
					expect(types).toEqual([EventType.SYNCED]);
					await streamsAre(app, 0);
				});
			});

			test("a refused watch tells its reason and fields", async () => {
				await onWire(wire, async ({ client }) => {
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
				await onWire(wire, async ({ client, app }) => {
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
}

/** The transcript of the first wire, which that of every other must equal. */
export async function transcriptOf(
	stage: WireStage,
	certificate: CertificateFiles,
): Promise<WireTranscript> {
	const wire = wires[0] as Wire;
	let answers: unknown;
	let events: unknown;
	await withWire({ stage, certificate }, wire, async ({ client, neutral }) => {
		answers = neutral(await playScenario(client));
	});
	await withWire({ stage, certificate }, wire, async ({ client, neutral }) => {
		events = neutral((await playWatch(client)).map(eventRecord));
	});
	return { answers, events };
}

/** Leaves out what a wire cannot ask for. */
function without(answers: unknown, { lacks = [] }: Wire): unknown {
	const entries = Object.entries(answers as object);
	return Object.fromEntries(entries.filter(([title]) => !lacks.includes(title)));
}

const eventRecord = (event: WukongEvent) => messageRecord(WukongEventSchema, event);

const types = (events: readonly WukongEvent[]) => events.map(({ type }) => EventType[type]);

/** Waits for a state that never comes. @returns what it failed with; undefined: it was answered */
async function beginWait(client: WireClient, signal?: AbortSignal): Promise<unknown> {
	await client.unary("createWukong", { wukong: manifest as never });
	const state = WukongStatus_PowerState.PAUSED;
	const options = signal === undefined ? {} : { signal };
	return client
		.unary("waitWukong", { name: manifest.name, state }, options)
		.then(() => undefined, errorRecord);
}

/** Waits until so many streams are open on the server; a wait counts as one. */
async function streamsAre(app: RunningApp, count: number): Promise<void> {
	for (;;) {
		if ((await app.metric("wukong_watch_streams")) === count) return;
	}
}
