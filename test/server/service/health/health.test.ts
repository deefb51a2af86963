import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
	createConnectTransport,
	createGrpcTransport,
	createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorInfoSchema, RetryInfoSchema } from "@novasphere/wukong-gen/error-details";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@novasphere/wukong-gen/health";
import { afterEach, describe, expect, test } from "vitest";
import { createApp } from "../../../../server/src/app/app.ts";
import { parseConfig } from "../../../../server/src/config/config.ts";
import { ErrorReason, Failure } from "../../../../server/src/failure.ts";
import { createHealth } from "../../../../server/src/service/health/health-service.ts";
import { openPort } from "../../../support/port-fixture.ts";
import { until } from "../../../support/until.ts";

const wukongService = "novasphere.v1.WukongService";
const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
	gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
	"gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
	Connect: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
};

const apps: ReturnType<typeof createApp>[] = [];

async function start(...flags: string[]) {
	const parsed = parseConfig(["--port=0", "--data=:memory:", ...flags], {});
	if (parsed.kind !== "config") expect.fail(JSON.stringify(parsed));
	const app = createApp(parsed.config);
	apps.push(app);
	const { url } = await app.listen();
	return { app, url };
}

afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.close(0)));
});

async function failureOf(promise: Promise<unknown>): Promise<ConnectError> {
	return ConnectError.from(
		await promise.then(
			() => expect.fail("it did not fail"),
			(error: unknown) => error,
		),
	);
}

describe.each(Object.entries(transports))(
	"health over %s (grpc/doc/health-checking.md)",
	(_, to) => {
		test("knows the process, each service and nothing else", async () => {
			const { url } = await start();
			const client = createClient(Health, to(url));
			for (const service of ["", wukongService, Health.typeName]) {
				expect((await client.check({ service })).status).toBe(Status.SERVING);
			}
			const error = await failureOf(client.check({ service: "novasphere.v1.Other" }));
			expect(error.code).toBe(Code.NotFound);
			expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("SERVICE_UNKNOWN");
			const { statuses } = await client.list({});
			expect(Object.keys(statuses).sort()).toEqual([
				"",
				"grpc.health.v1.Health",
				"grpc.reflection.v1.ServerReflection",
				"grpc.reflection.v1alpha.ServerReflection",
				"novasphere.v1.AccessService",
				wukongService,
			]);
			expect(new Set(Object.values(statuses).map(({ status }) => status))).toEqual(
				new Set([Status.SERVING]),
			);
		});

		test("is watched: what it is now, that it ends, then SHUTTING_DOWN with the time to wait", async () => {
			const { app, url } = await start("--shutdown-delay-ms=60000");
			const client = createClient(Health, to(url));
			const watches = ["", wukongService, "novasphere.v1.Other"].map((service) =>
				client.watch({ service })[Symbol.asyncIterator](),
			);
			const statuses = async () =>
				Promise.all(watches.slice(0, 2).map(async (each) => (await each.next()).value?.status));
			expect(await statuses()).toEqual([Status.SERVING, Status.SERVING]);
			expect((await watches[2]?.next())?.value.status).toBe(Status.SERVICE_UNKNOWN);
			const closed = app.close();
			// Within the delay in which calls are still served.
			expect(await statuses()).toEqual([Status.NOT_SERVING, Status.NOT_SERVING]);
			expect((await client.check({})).status).toBe(Status.NOT_SERVING);
			expect(app.skipDelay()).toBe(true);
			for (const watch of watches) {
				const error = await failureOf(watch.next());
				expect(error.code).toBe(Code.Unavailable);
				expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("SHUTTING_DOWN");
				expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
			}
			await closed;
		});
	},
);

test("health that is switched off is an unknown procedure", async () => {
	const { url } = await start("--disable-health");
	const client = createClient(Health, createGrpcTransport({ baseUrl: url }));
	expect((await failureOf(client.check({}))).code).toBe(Code.Unimplemented);
});

test("health can be asked for by a GET, as curl does", async () => {
	const { url } = await start();
	const query = "?connect=v1&encoding=json&message=%7B%7D";
	const answer = await fetch(`${url}/grpc.health.v1.Health/Check${query}`);
	expect(await answer.json()).toEqual({ status: "SERVING" });
});

describe("the streams of health", () => {
	const shuttingDown = new Failure(ErrorReason.SHUTTING_DOWN, "this replica is shutting down");

	function createStage() {
		let serving = true;
		const health = createHealth({ services: [wukongService], isServing: () => serving });
		return {
			health,
			flip() {
				serving = !serving;
				health.changed();
			},
		};
	}

	/** The stream itself, as the port takes it. */
	function openStream({ health }: ReturnType<typeof createStage>, service = "") {
		const { signal } = new AbortController();
		const { impl } = Object.values(health.service.methods).find(
			({ method }) => method.name === "Watch",
		) as never as { impl: (request: object, context: object) => Stream };
		return impl({ service }, { signal });
	}

	interface Stream extends AsyncIterable<{ status: Status }> {
		take(maxBytes: number): readonly { status: Status }[];
		readonly hasMore: boolean;
		onReady(waiter: { ready(): void }): void;
		close(reason?: unknown): void;
	}

	const taken = (stream: Stream) => stream.take(1).map(({ status }) => status);

	test("a reader that stood still gets the status that holds, and none that it has", () => {
		const stage = createStage();
		const stream = openStream(stage);
		expect(taken(stream)).toEqual([Status.SERVING]);
		let woken = 0;
		stream.onReady({ ready: () => void woken++ });
		stage.flip();
		expect(woken).toBe(1);
		stage.flip();
		expect([stream.hasMore, taken(stream)]).toEqual([false, []]);
		stage.flip();
		expect([stream.hasMore, taken(stream), taken(stream)]).toEqual([
			true,
			[Status.NOT_SERVING],
			[],
		]);
	});

	test("one that was left is woken by nothing any more", () => {
		const stage = createStage();
		const stream = openStream(stage);
		expect(taken(stream)).toEqual([Status.SERVING]);
		stream.close();
		let woken = 0;
		stream.onReady({ ready: () => void woken++ });
		expect(woken).toBe(1);
		stage.flip();
		expect([woken, stream.hasMore, taken(stream)]).toEqual([1, false, []]);
	});

	test("a drain says the last status, then the failure, to streams that come later too", () => {
		const stage = createStage();
		const open = openStream(stage);
		taken(open);
		stage.flip();
		stage.health.drain(shuttingDown);
		for (const stream of [open, openStream(stage)]) {
			expect(taken(stream)).toEqual([Status.NOT_SERVING]);
			expect(() => taken(stream)).toThrow(shuttingDown);
		}
	});

	test("connect's own handlers iterate them, and free them when the caller leaves", async () => {
		const stage = createStage();
		const { url, seen } = await openPort({ services: [stage.health.service], way: "universal" });
		const client = createClient(Health, createGrpcTransport({ baseUrl: url }));
		const leaver = new AbortController();
		const stream = client.watch({}, { signal: leaver.signal })[Symbol.asyncIterator]();
		expect((await stream.next()).value?.status).toBe(Status.SERVING);
		stage.flip();
		expect((await stream.next()).value?.status).toBe(Status.NOT_SERVING);
		leaver.abort();
		await expect(stream.next()).rejects.toThrow();
		await until("the call has ended", () => seen.ended.length === 1);
	});
});
