import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
	WukongEvent_Type as EventType,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { ErrorReason, Failure } from "../../../../../server/src/failure.ts";
import { ndjson } from "../../../../../server/src/rpc/protocol/ndjson/ndjson.ts";
import { createSse } from "../../../../../server/src/rpc/protocol/sse/sse.ts";
import { toConnectError } from "../../../../../server/src/service/errors/connect-error.ts";
import { buildServices } from "../../../../support/built-service.ts";
import { createEventStreamParser } from "../../../../support/event-source.ts";
import { createPlainProtocols } from "../../../../support/plain-protocols.ts";
import { getPlain } from "../../../../support/plain-watch.ts";
import { openPort, type PortSettings, quietWatch } from "../../../../support/port-fixture.ts";
import { until } from "../../../../support/until.ts";
import { openRestPort } from "../rest/rest-port.ts";

const accept = { accept: "text/event-stream" };
const watchPath = "/api/v1/wukongs:watch";

type Watch = NonNullable<PortSettings["implementation"]>["watchWukong"];

/** Asks for a watch whose implementation is given, and reads the whole answer. */
async function ask(watchWukong: Watch, path = watchPath, header: Record<string, string> = {}) {
	const { url } = await openPort({
		protocols: createPlainProtocols(),
		implementation: { watchWukong: watchWukong as never },
	});
	return read(url, path, header);
}

async function read(url: string, path: string, header: Record<string, string> = {}) {
	const answer = await getPlain(url, path, { header: { ...accept, ...header } });
	const parser = createEventStreamParser();
	const chunks: Buffer[] = [];
	for await (const chunk of answer.body) chunks.push(chunk);
	const text = Buffer.concat(chunks).toString();
	const isStream = answer.header("content-type") === "text/event-stream";
	const events = isStream ? parser.push(Buffer.from(text)) : [];
	if (isStream) expect(parser.isAtRest).toBe(true);
	return { ...answer, text, events, retryMs: parser.retryMs };
}

const failing = (error: unknown): Watch =>
	async function* () {
		throw error;
		// biome-ignore lint/correctness/noUnreachable: makes this a stream of events
		yield {};
	};
const failure = (reason: ErrorReason, details = {}) =>
	toConnectError(new Failure(reason, "as it is", details));

const saying = (...events: { type: EventType; token: string }[]): Watch =>
	async function* () {
		for (const { type, token: resourceVersion } of events) {
			yield create(WukongEventSchema, { type, resourceVersion });
		}
	};

describe("an event stream (HTML Standard, 9.2)", () => {
	test("names each event by its type in lower case, and has the resume token as id", async () => {
		const all = Object.values(EventType).filter((type) => typeof type === "number");
		const events = all.map((type) => ({ type, token: `t-${type}` }));
		const { events: heard, retryMs, header } = await ask(saying(...events));
		expect(heard.map(({ type }) => type)).toEqual([
			...["type_unspecified", "added", "modified", "deleted", "synced", "heartbeat", "reset"],
			"status",
		]);
		expect(heard.slice(0, -1).map(({ lastEventId }) => lastEventId)).toEqual(
			all.map((type) => `t-${type}`),
		);
		expect(JSON.parse(heard[1]?.data ?? "")).toEqual({ type: "ADDED", resourceVersion: "t-1" });
		expect(retryMs).toBeGreaterThanOrEqual(1_000);
		expect(header("cache-control")).toBe("no-store, no-transform");
		expect(header("x-accel-buffering")).toBe("no");
	});

	test("ends with its status under a name of its own, never as error, and keeps the last id", async () => {
		const { events } = await ask(saying({ type: EventType.SYNCED, token: "7" }));
		expect(events.at(-1)).toEqual({ type: "status", data: '{"code":0}', lastEventId: "7" });
	});

	test("goes without names where they are not wanted: ?events=message", async () => {
		const path = `${watchPath}?events=message`;
		const { events } = await ask(saying({ type: EventType.SYNCED, token: "7" }), path);
		expect(events.map(({ type, lastEventId }) => `${type} ${lastEventId}`)).toEqual([
			"message 7",
			"message 7",
		]);
		for (const wrong of ["events=", "events=named", "events=message&events=message"]) {
			const { status, text } = await ask(saying(), `${watchPath}?${wrong}`);
			expect({ status, text }).toMatchObject({
				status: 400,
				text: expect.stringContaining("events"),
			});
		}
	});

	test("resumes behind Last-Event-ID, whatever the URL says", async () => {
		const asked: string[] = [];
		const watch: Watch = async function* ({ resourceVersion }) {
			asked.push(resourceVersion);
			yield { type: EventType.SYNCED };
		};
		const path = `${watchPath}?resourceVersion=5`;
		await ask(watch, path, { "last-event-id": "9" });
		await ask(watch, path);
		await ask(watch, path, { "last-event-id": "" });
		await ask(watch, watchPath, { "last-event-id": "start-over" });
		expect(asked).toEqual(["9", "5", "5", "start-over"]);
	});
});

test.each(["text/event-stream", "application/x-ndjson"])(
	"HEAD has the head that GET would have, and the stream is left (RFC 9110, 9.3.2): %s",
	async (type) => {
		const { url, seen } = await openPort({
			protocols: createPlainProtocols(),
			implementation: { watchWukong: quietWatch(() => seen) },
		});
		const head = await fetch(url + watchPath, { method: "HEAD", headers: { accept: type } });
		expect(head.status).toBe(200);
		expect(head.headers.get("content-type")).toBe(type);
		expect(await head.text()).toBe("");
		await until("it is left", () => seen.begun === 1 && seen.live === 0 && seen.ended.length === 1);
		const target = `${url}${watchPath}?events=7&resourceVersion=1`;
		const refused = await fetch(target, {
			method: "HEAD",
			headers: { accept: "text/event-stream" },
		});
		expect(refused.status).toBe(400);
	},
);

describe("what a browser does after an error", () => {
	test.each([
		["a shutdown", failure(ErrorReason.SHUTTING_DOWN, { retryAfterMs: 3_000 }), 3_000],
		["too many streams", failure(ErrorReason.TOO_MANY_REQUESTS, { retryAfterMs: 2_000 }), 2_000],
		["a deadline", failure(ErrorReason.DEADLINE_EXCEEDED), 1_000],
		["an upstream that is away", failure(ErrorReason.UPSTREAM_UNAVAILABLE), 1_000],
	])(
		"it connects again after %s, spread over a second: any other status than 200 would stop it",
		async (_what, error, retryMs) => {
			for (const header of [{}, { "last-event-id": "7" }]) {
				const answer = await ask(failing(error), watchPath, header);
				expect(answer.status).toBe(200);
				expect(answer.events).toHaveLength(1);
				expect(answer.events[0]?.type).toBe("status");
				expect(JSON.parse(answer.events[0]?.data ?? "").code).toBe(error.code);
				expect(answer.retryMs).toBeGreaterThanOrEqual(retryMs);
				expect(answer.retryMs).toBeLessThan(retryMs + 1_000);
			}
		},
	);

	test.each([
		["a wrong request", failure(ErrorReason.INVALID_REQUEST), 400],
		["no right", failure(ErrorReason.PERMISSION_DENIED), 403],
		["no credentials", failure(ErrorReason.UNAUTHENTICATED), 401],
	])(
		"it stops after %s: with a Status at first, and 204 where it has come back",
		async (_what, error, status) => {
			const first = await ask(failing(error));
			expect(first.status).toBe(status);
			expect(JSON.parse(first.text).code).toBe(error.code);
			const again = await ask(failing(error), watchPath, { "last-event-id": "7" });
			expect(again.status).toBe(204);
			expect(again.text).toBe("");
			// No Content has no length (RFC 9110, 8.6).
			expect(again.header("content-length")).toBeUndefined();
		},
	);

	test("a failure in the middle says when to come back, or nothing of that", async () => {
		const failingLater = (error: ConnectError): Watch =>
			async function* () {
				yield { type: EventType.SYNCED, resourceVersion: "7" };
				throw error;
			};
		const drained = await ask(
			failingLater(failure(ErrorReason.SHUTTING_DOWN, { retryAfterMs: 5_000 })),
		);
		expect(drained.events.map(({ type }) => type)).toEqual(["synced", "status"]);
		expect(drained.retryMs).toBeGreaterThanOrEqual(5_000);
		const refused = await ask(failingLater(failure(ErrorReason.PERMISSION_DENIED)));
		expect(JSON.parse(refused.events[1]?.data ?? "")).toMatchObject({
			code: Code.PermissionDenied,
			reason: "PERMISSION_DENIED",
		});
		expect(refused.retryMs).toBeLessThan(2_000);
	});

	test("many come back spread over time", async () => {
		const { url } = await openPort({
			protocols: createPlainProtocols(),
			implementation: { watchWukong: failing(failure(ErrorReason.SHUTTING_DOWN)) as never },
		});
		const answers = await Promise.all(Array.from({ length: 16 }, () => read(url, watchPath)));
		expect(new Set(answers.map(({ retryMs }) => retryMs)).size).toBe(16);
	});
});

describe("a stream of messages that have neither name nor token", () => {
	const shapes = buildServices()("test.shapes.ShapeService");
	const open = (follow: unknown) =>
		openRestPort(shapes, { follow }, { rest: { streamForms: [ndjson, createSse([])] } });

	test("sends data only, and an id at its end that says: all of it was sent", async () => {
		const { url } = await open(async function* () {
			yield { name: "a" };
			yield { name: "b" };
		});
		const { text, events } = await read(url, "/v1/follow/x");
		expect(text).toMatch(/^retry: \d+\n\ndata: \{"name":"a"\}\n\ndata: \{"name":"b"\}\n\n/);
		expect(events.at(-1)).toEqual({ type: "status", data: '{"code":0}', lastEventId: ":end" });
		const again = await read(url, "/v1/follow/x", { "last-event-id": ":end" });
		expect({ status: again.status, text: again.text }).toEqual({ status: 204, text: "" });
	});

	test("is begun anew where it could not be ended, and not where it failed for good", async () => {
		const broken = (code: Code) =>
			open(async function* () {
				yield { name: "a" };
				throw new ConnectError("broken", code);
			});
		const away = await read((await broken(Code.Unavailable)).url, "/v1/follow/x");
		expect(away.events.at(-1)?.lastEventId).toBe("");
		const refused = await read((await broken(Code.PermissionDenied)).url, "/v1/follow/x");
		expect(refused.events.at(-1)?.lastEventId).toBe(":end");
	});
});
