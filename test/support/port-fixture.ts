import {
	createServiceImplSpec,
	type HandlerContext,
	type Interceptor,
	type ServiceImpl,
} from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, expect } from "vitest";
import { systemClock } from "../../server/src/clock.ts";
import { defaultLimits, type TransportLimits } from "../../server/src/http/limits.ts";
import type { ConnectionFault } from "../../server/src/http/observer.ts";
import { createPort, type Port, type PortOptions } from "../../server/src/port/port.ts";
import type { CallOutcome, RefusedCall } from "../../server/src/rpc/observer.ts";
import { refusalDetails } from "../../server/src/service/errors/error-details.ts";
import { until } from "./until.ts";

/** A port under test, and everything it told of itself. */
export interface PortUnderTest {
	readonly port: Port;
	readonly url: string;
	readonly portNumber: number;
	/** `127.0.0.1:port`. */
	readonly authority: string;
	readonly seen: Seen;
}

/** What the observer and the handlers counted. */
export interface Seen {
	opened: number;
	closed: number;
	/** Implementations that were begun. */
	begun: number;
	/** Implementations whose `finally` has not run. */
	live: number;
	readonly faults: ConnectionFault[];
	readonly refused: RefusedCall[];
	readonly ended: CallOutcome[];
	readonly tlsEvents: string[];
	readonly unexpected: unknown[];
}

export { pathOf } from "./path-of.ts";

/** Options of {@link openPort} beside the port's own. */
export type PortSettings = Partial<Omit<PortOptions, "limits">> & {
	readonly limits?: Partial<TransportLimits>;
	readonly implementation?: Partial<ServiceImpl<typeof WukongService>>;
};

const open: { port: Port; seen: Seen }[] = [];

// A test that leaves a socket or a handler behind fails here, whatever it asserted.
afterEach(async () => {
	for (const { port, seen } of open.splice(0)) {
		await port.close(200);
		expect(seen.unexpected).toEqual([]);
		expect(seen.closed).toBe(seen.opened);
		await until("every handler is free", () => seen.live === 0);
	}
});

/** Opens a port on a free number; it is closed and checked for leaks after the test. */
export async function openPort(settings: PortSettings = {}): Promise<PortUnderTest> {
	const { limits, implementation, ...options } = settings;
	const seen = createSeen();
	const service = createServiceImplSpec<typeof WukongService>(
		WukongService,
		implementation ?? { getWukong: ({ name }) => ({ wukong: { name } }) },
	);
	const port = createPort({
		host: "127.0.0.1",
		port: 0,
		services: [service],
		refusalDetails,
		tls: undefined,
		allowedHosts: [],
		allowedOrigins: [],
		assets: [],
		clock: systemClock,
		observer: observerOf(seen),
		...options,
		interceptors: [...(options.interceptors ?? []), counting(seen)],
		limits: { ...defaultLimits, ...limits },
	});
	open.push({ port, seen });
	const { url, port: portNumber } = await port.listen();
	return { port, url, portNumber, authority: `127.0.0.1:${portNumber}`, seen };
}

/** Counts calls that reach the implementation. */
function counting(seen: Seen): Interceptor {
	return (next) => (request) => {
		seen.begun++;
		return next(request);
	};
}

/** A stream of big events without end, which counts itself while it lives. */
export function endlessWatch(seen: () => Seen, eventBytes = 16 * 1024) {
	const phase = "x".repeat(eventBytes);
	return async function* (_request: unknown, _context: HandlerContext) {
		seen().live++;
		try {
			for (;;) yield { wukong: { status: { phase } } };
		} finally {
			seen().live--;
		}
	};
}

/** A stream that says one thing and then waits until its caller has left. */
export function quietWatch(seen: () => Seen) {
	return async function* (_request: unknown, { signal }: HandlerContext) {
		seen().live++;
		try {
			yield { resourceVersion: "first" };
			await new Promise((resolve) => signal.addEventListener("abort", resolve));
		} finally {
			seen().live--;
		}
	};
}

function createSeen(): Seen {
	return {
		opened: 0,
		closed: 0,
		begun: 0,
		live: 0,
		faults: [],
		refused: [],
		ended: [],
		tlsEvents: [],
		unexpected: [],
	};
}

function observerOf(seen: Seen): PortOptions["observer"] {
	return {
		connectionOpened: () => void seen.opened++,
		connectionClosed: () => void seen.closed++,
		connectionFault: (fault) => void seen.faults.push(fault),
		callEnded: (outcome) => void seen.ended.push(outcome),
		encoded: () => undefined,
		callRefused: (refused) => void seen.refused.push(refused),
		tlsReloaded: () => void seen.tlsEvents.push("reloaded"),
		tlsReloadFailed: () => void seen.tlsEvents.push("failed"),
		unexpected: (error) => void seen.unexpected.push(error),
	};
}
