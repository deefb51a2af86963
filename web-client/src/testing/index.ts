/**
 * An in-memory service for the tests of whoever uses the client: the calls and the watch of the
 * contract, broken connections, and a clock that the test moves.
 *
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport, type Transport } from "@connectrpc/connect";
import { AccessService } from "../../gen/novasphere/v1/access_service_pb.js";
import type { WukongSchema } from "../../gen/novasphere/v1/wukong_pb.js";
import { WukongService } from "../../gen/novasphere/v1/wukong_service_pb.js";
import { createWukongClient, type WukongClient, type WukongClientOptions } from "../client.ts";
import type { NetworkNews } from "../live/environment.ts";
import { loadParts } from "../on-demand.ts";
import { createFakeAccess, type FakeAccess } from "./fake-access.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { createFakeNetwork } from "./fake-network.ts";
import { createFakeService } from "./fake-service.ts";
import { createFakeStore, type FakeStore } from "./fake-store.ts";

export type { FakeAccess } from "./fake-access.ts";
export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export { type FailureDetails, failure } from "./fake-failure.ts";
export type { FakeStore } from "./fake-store.ts";

/** How the fake behaves. */
export interface FakeWukongOptions {
	/** VMs that are there from the start. A VM that says no more is RUNNING. Default: none. */
	readonly seed?: readonly MessageInitShape<typeof WukongSchema>[];
	/** Default: a clock that stands still; `advance` moves it. */
	readonly clock?: FakeClock;
	/** How long a VM is STARTING, STOPPING or being deleted, in milliseconds. Default: 1,000. */
	readonly transitionMs?: number;
	/** Changes that are kept for resuming. Default: 10,000. */
	readonly maxHistory?: number;
	/** Options of the client that is made. Default: the client's own, and no randomness. */
	readonly client?: Omit<WukongClientOptions, "transport" | "environment">;
}

/** A service in memory, a client of it, and the faults between them. */
export interface FakeWukong {
	readonly client: WukongClient;
	/** For more clients. */
	readonly transport: Transport;
	readonly store: FakeStore;
	/** What the caller may do. */
	readonly access: FakeAccess;
	readonly clock: FakeClock;
	/** Streams that are open. */
	readonly openStreams: number;
	/** Calls and streams that have come so far. */
	readonly calls: number;
	/** Breaks every open stream, as a lost connection does. */
	cut(): void;
	/** Nothing can be reached until `online`; open streams break. */
	offline(): void;
	online(): void;
	/** Open streams fall silent without an end, as behind a proxy whose server is gone. */
	blackhole(): void;
	/** The next call or stream fails with this error. */
	fail(error: ConnectError): void;
	/** Tells the client what a page would be told. */
	tell(news: NetworkNews): void;
	/** Moves the clock on; all that is due on the way happens. */
	advance(ms: number): Promise<void>;
}

/**
 * Makes a fake.
 *
 * @example
 * const fake = createFakeWukong({ seed: [{ name: "web-1" }] });
 * render(<App client={fake.client} />);
 * fake.cut();
 * await fake.advance(1_000);
 */
export function createFakeWukong(options: FakeWukongOptions = {}): FakeWukong {
	const clock = options.clock ?? createFakeClock();
	const store = createFakeStore(clock, options.maxHistory ?? 10_000);
	for (const wukong of options.seed ?? []) store.put(wukong);
	const service = createFakeService(store, clock, options.transitionMs ?? 1_000);
	const { access, service: accessService } = createFakeAccess(clock);
	const network = createFakeNetwork(
		createRouterTransport(({ service: add }) => {
			add(WukongService, service);
			add(AccessService, accessService);
		}),
	);
	const listeners = new Set<(news: NetworkNews) => void>();
	const client = createWukongClient({
		...options.client,
		transport: network.transport,
		environment: {
			clock,
			random: () => 0.5,
			onNetwork(listener) {
				listeners.add(listener);
				return () => listeners.delete(listener);
			},
		},
	});
	const unreached = () => new ConnectError("no answer came", Code.Unavailable);

	return {
		client,
		transport: network.transport,
		store,
		access,
		clock,
		get openStreams() {
			return network.openStreams;
		},
		get calls() {
			return network.calls;
		},
		cut: () => network.cut(),
		offline() {
			network.refuse(unreached);
			network.cut();
		},
		online: () => network.refuse(undefined),
		blackhole: () => network.blackhole(),
		fail: (error) => network.fail(error),
		tell(news) {
			for (const listener of [...listeners]) listener(news);
		},
		async advance(ms) {
			// What the client loads at its first use is there by now, too.
			await loadParts();
			await clock.advance(ms);
		},
	};
}
