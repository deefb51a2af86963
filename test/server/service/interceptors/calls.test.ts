import { AsyncLocalStorage } from "node:async_hooks";
import { create } from "@bufbuild/protobuf";
import {
	Code,
	ConnectError,
	createClient,
	createRouterTransport,
	type Interceptor,
	type ServiceImpl,
} from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import {
	type WukongEvent,
	WukongEventSchema,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import type { Principal } from "../../../../server/src/caller.ts";
import { Failure } from "../../../../server/src/failure.ts";
import { principalKey } from "../../../../server/src/rpc/call/call-context.ts";
import { reasonIn } from "../../../../server/src/service/errors/connect-error.ts";
import type {
	CallListener,
	CallObserver,
	ObservedCall,
} from "../../../../server/src/service/interceptors/call-observer.ts";
import { createCallInterceptor } from "../../../../server/src/service/interceptors/calls.ts";
import { createValidateInterceptor } from "../../../../server/src/service/interceptors/validate.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { until } from "../../../support/until.ts";

/** What a test adds to the call interceptor. */
interface Inner {
	readonly observers?: readonly CallObserver[];
	/** Between the call interceptor and validation. */
	readonly interceptors?: readonly Interceptor[];
}

function setUp(
	methods: Partial<ServiceImpl<typeof WukongService>>,
	{ observers = [], interceptors: inner = [] }: Inner = {},
) {
	const told: string[] = [];
	const clock = createFakeClock();
	const listener: CallListener = {
		streamOpened: ({ method, requestId, target }) => {
			told.push(`${requestId} ${method.name} opened ${target?.name ?? "-"}`);
		},
		callEnded: ({ method, requestId, target }, { failure, durationMs }) => {
			const outcome = failure === undefined ? "ok" : failure.reason;
			told.push(`${requestId} ${method.name} ${outcome} ${target?.name ?? "-"} ${durationMs} ms`);
		},
	};
	const interceptors = [
		createCallInterceptor({
			observers: [{ callStarted: () => listener }, ...observers],
			contextOf: () => ({
				requestId: "r1",
				protocol: "connect",
				address: "192.0.2.1",
				peer: { address: "192.0.2.1", port: 4_000, secure: false, certificate: undefined },
			}),
			clock,
		}),
		...inner,
		createValidateInterceptor("default"),
	];
	const transport = createRouterTransport(
		(router) => router.service<typeof WukongService>(WukongService, methods),
		{ router: { interceptors } },
	);
	return { told, clock, client: createClient(WukongService, transport) };
}

async function failureOf(work: Promise<unknown>): Promise<ConnectError> {
	const error = await work.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (error instanceof ConnectError) return error;
	throw new Error("did not fail with a ConnectError");
}

async function* events(count: number, then?: unknown): AsyncGenerator<WukongEvent> {
	for (let index = 0; index < count; index++) yield create(WukongEventSchema);
	if (then !== undefined) throw then;
}

describe("a unary call", () => {
	test("that succeeds is told once, with the VM it names and its time", async () => {
		const { told, client, clock } = setUp({
			async getWukong() {
				await clock.advance(12);
				return {};
			},
		});
		await client.getWukong({ name: "vm" });
		expect(told).toEqual(["r1 GetWukong ok vm 12 ms"]);
	});

	test("that fails gives the mapped error and is told with its reason", async () => {
		const { told, client } = setUp({
			getWukong() {
				throw new Failure(ErrorReason.WUKONG_NOT_FOUND, "none");
			},
		});
		const error = await failureOf(client.getWukong({ name: "vm" }));
		expect([error.code, reasonIn(error)]).toEqual([Code.NotFound, "WUKONG_NOT_FOUND"]);
		expect(told).toEqual(["r1 GetWukong WUKONG_NOT_FOUND vm 0 ms"]);
	});

	test("whose request is refused is told with the VM it names, too", async () => {
		const { told, client } = setUp({});
		await failureOf(client.getWukong({ name: "VM" }));
		expect(told).toEqual(["r1 GetWukong INVALID_REQUEST VM 0 ms"]);
	});

	test("whose work was broken off at the deadline is DEADLINE_EXCEEDED", async () => {
		let begun = false;
		const { told, client } = setUp({
			getWukong: (_, { signal }) => {
				begun = true;
				return new Promise((_resolve, reject) => {
					signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
				});
			},
		});
		// Longer where the machine is so busy that the call has not begun by then.
		for (let timeoutMs = 5; !begun; timeoutMs *= 2) {
			const error = await failureOf(client.getWukong({ name: "vm" }, { timeoutMs }));
			expect(error.code).toBe(Code.DeadlineExceeded);
		}
		await until("the end is told", () => told.length > 0);
		expect(told.at(-1)).toContain("DEADLINE_EXCEEDED");
	});
});

describe("a stream", () => {
	test("is told at its start and its end", async () => {
		const { told, client } = setUp({ watchWukong: () => events(2) });
		const got: WukongEvent[] = [];
		for await (const event of client.watchWukong({ name: "vm" })) got.push(event);
		expect(got.length).toBe(2);
		expect(told).toEqual(["r1 WatchWukong opened vm", "r1 WatchWukong ok vm 0 ms"]);
	});

	test("that fails on its way gives the mapped error and is told once", async () => {
		const failure = new Failure(ErrorReason.SHUTTING_DOWN, "bye");
		const { told, client } = setUp({ watchWukong: () => events(1, failure) });
		const read = async () => {
			for await (const _ of client.watchWukong({})) {
				// Only the end counts.
			}
		};
		expect(reasonIn(await failureOf(read()))).toBe("SHUTTING_DOWN");
		expect(told).toEqual(["r1 WatchWukong opened -", "r1 WatchWukong SHUTTING_DOWN - 0 ms"]);
	});

	test("whose request is refused never starts", async () => {
		const { told, client } = setUp({ watchWukong: () => events(1) });
		const stream = client.watchWukong({ name: "VM" })[Symbol.asyncIterator]();
		expect(reasonIn(await failureOf(stream.next()))).toBe("INVALID_REQUEST");
		expect(told).toEqual(["r1 WatchWukong INVALID_REQUEST VM 0 ms"]);
	});

	test("whose reader leaves while it is silent is told as CANCELED", async () => {
		const left = new AbortController();
		async function* silent(): AsyncGenerator<WukongEvent> {
			yield create(WukongEventSchema);
			await new Promise(() => {});
		}
		const { told, client } = setUp({ watchWukong: silent });
		const read = async () => {
			for await (const _ of client.watchWukong({}, { signal: left.signal })) left.abort();
		};
		await failureOf(read());
		await until("the end is told", () => told.length === 2);
		expect(told[1]).toBe("r1 WatchWukong CANCELED - 0 ms");
	});
});

describe("an observer", () => {
	test("hears the start of unary calls and streams alike, with their header and peer", async () => {
		const started: unknown[] = [];
		const observer: CallObserver = {
			callStarted({ method, peer, target }, header) {
				started.push([method.name, header.get("traceparent"), peer?.address, target]);
				return undefined;
			},
		};
		const methods = { getWukong: () => ({}), watchWukong: () => events(1) };
		const { client } = setUp(methods, { observers: [observer] });
		const headers = { traceparent: "00-1-2-01" };
		await client.getWukong({ name: "vm" }, { headers });
		for await (const _ of client.watchWukong({ name: "vm" }, { headers })) {
			// Only the start counts.
		}
		expect(started).toEqual([
			["GetWukong", "00-1-2-01", "192.0.2.1", undefined],
			["WatchWukong", "00-1-2-01", "192.0.2.1", undefined],
		]);
	});

	test("can run a call in a context of its own, the first one outermost", async () => {
		const spans = new AsyncLocalStorage<string>();
		const traced = (name: string): CallObserver => ({
			callStarted: () => ({
				run: (next) => spans.run(`${spans.getStore() ?? ""}/${name}`, next),
			}),
		});
		const seen: unknown[] = [];
		const { client, told } = setUp(
			{
				async getWukong() {
					await Promise.resolve();
					seen.push(spans.getStore());
					return {};
				},
				watchWukong() {
					seen.push(spans.getStore());
					return events(1);
				},
			},
			{ observers: [traced("a"), traced("b")] },
		);
		await client.getWukong({ name: "vm" });
		for await (const _ of client.watchWukong({})) {
			// Only its opening counts.
		}
		expect(seen).toEqual(["/a/b", "/a/b"]);
		expect(told[0]).toBe("r1 GetWukong ok vm 0 ms");
	});

	test("hears how many messages of a stream go out", async () => {
		const counts: number[] = [];
		const listener: CallListener = { messagesSent: (_call, count) => void counts.push(count) };
		const { client } = setUp(
			{ watchWukong: () => events(3), getWukong: () => ({}) },
			{ observers: [{ callStarted: () => listener }] },
		);
		await client.getWukong({ name: "vm" });
		for await (const _ of client.watchWukong({})) {
			// Only their number counts.
		}
		expect(counts).toEqual([1, 1, 1]);
	});

	test("sees the principal that an interceptor behind it has found, until the end of a stream", async () => {
		const principal: Principal = {
			...{ name: "ann", groups: ["ops"], method: "oidc", credentialId: "ann's" },
		};
		const authenticate: Interceptor = (next) => (request) => {
			request.contextValues.set(principalKey, principal);
			return next(request);
		};
		const seen: unknown[] = [];
		const note = (call: ObservedCall) => void seen.push(call.principal);
		const { client } = setUp(
			{
				getWukong: (_, { values }) => {
					seen.push(values.get(principalKey));
					return {};
				},
				watchWukong: () => events(1),
			},
			{
				observers: [
					{
						callStarted(call) {
							note(call);
							return { callEnded: note };
						},
					},
				],
				interceptors: [authenticate],
			},
		);
		await client.getWukong({ name: "vm" });
		expect(seen).toEqual([undefined, principal, principal]);
		for await (const _ of client.watchWukong({})) {
			// Only its end counts.
		}
		expect(seen.slice(3)).toEqual([undefined, principal]);
	});
});
