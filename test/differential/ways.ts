import type { DescMessage } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImplSpec } from "@connectrpc/connect";
import { systemClock } from "../../server/src/clock.ts";
import { defaultLimits } from "../../server/src/http/limits.ts";
import { silentObserver } from "../../server/src/port/observer.ts";
import { createPort, type PortOptions } from "../../server/src/port/port.ts";
import { refusalDetails } from "../../server/src/service/errors/error-details.ts";
import type { Ask } from "./ask.ts";
import { createCaller } from "./caller.ts";
import { type Observed, observe } from "./observed.ts";
import { saysSynced } from "./synced.ts";
import { createWitness } from "./witness.ts";

/** A service and how it is served. */
export interface Served {
	readonly service: ServiceImplSpec;
	readonly interceptors: readonly Interceptor[];
	readonly cacheableTypes: readonly DescMessage[];
}

/** The same service behind two ports of this process, one for each way of answering. */
export interface Ways {
	/** Asks both the same. */
	ask(ask: Ask): Promise<BothAnswers>;
	close(): Promise<void>;
}

/** What both ways made of one request. */
export interface BothAnswers {
	readonly direct: Observed;
	readonly universal: Observed;
}

/** Largest request message, before and after decompression: so small that requests over it are quickly sent. */
export const maxRequestBytes = 2_048;

export async function openWays(served: Served): Promise<Ways> {
	const [direct, universal] = await Promise.all([
		openWay(served, "direct"),
		openWay(served, "universal"),
	]);
	let count = 0;
	return {
		async ask(ask) {
			const id = `ask-${++count}`;
			const named = { ...ask, headers: [...ask.headers, ["x-request-id", id] as const] };
			const [ofDirect, ofUniversal] = await Promise.all([
				direct.ask(named, id),
				universal.ask(named, id),
			]);
			return { direct: ofDirect, universal: ofUniversal };
		},
		async close() {
			await Promise.all([direct.close(), universal.close()]);
		},
	};
}

async function openWay(served: Served, way: NonNullable<PortOptions["way"]>) {
	const witness = createWitness(served.service);
	const port = createPort({
		...served,
		services: [witness.service],
		way,
		host: "127.0.0.1",
		port: 0,
		refusalDetails,
		limits: { ...defaultLimits, maxRequestBytes, maxDecompressedBytes: maxRequestBytes },
		tls: undefined,
		allowedHosts: [],
		allowedOrigins: [],
		assets: [],
		clock: systemClock,
		observer: silentObserver,
	});
	const { port: portNumber } = await port.listen();
	const caller = createCaller(portNumber);
	return {
		async ask(ask: Ask, id: string): Promise<Observed> {
			const reply = await caller.ask(ask, saysSynced);
			return observe(ask, reply, witness.take(id));
		},
		async close() {
			caller.close();
			await port.close(0);
		},
	};
}
