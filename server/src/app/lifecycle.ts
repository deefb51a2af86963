import type { Clock } from "../clock.ts";
import { ErrorReason, Failure } from "../failure.ts";
import type { Port } from "../port/port.ts";
import type { Replica } from "../watch/replica.ts";
import type { Readiness } from "./readiness.ts";

/** What is loaded before the port listens, and stopped after it has closed. */
export interface Support {
	/** @throws what the one who starts the service is told */
	start(): Promise<void>;
	stop(): void | Promise<void>;
}

/** What a lifecycle starts and ends. */
export interface LifecycleOptions {
	/** In the order in which they start and stop. */
	readonly supports: readonly Support[];
	readonly port: Pick<Port, "listen" | "close">;
	readonly replica: Pick<Replica<never, never>, "start">;
	/** Have streams, which end before the port closes. */
	readonly streaming: readonly { drain(failure: Failure): void }[];
	/** Closed last. */
	readonly store: { close(): Promise<void> };
	/** Time between the end of readiness and that of the service, in milliseconds; 0: none. */
	readonly shutdownDelayMs: number;
	readonly clock: Clock;
	/** Called when the readiness has changed. */
	readonly onReadiness: () => void;
}

/** The start and the end of an app, each once. */
export interface Lifecycle {
	readiness(): Readiness;
	/** As `listen` of an app. */
	listen(): ReturnType<Port["listen"]>;
	/** As `close` of an app. */
	close(graceMs: number): Promise<void>;
	/** As `skipDelay` of an app. */
	skipDelay(): boolean;
}

/** Delay before a caller whose stream has ended here connects again, in milliseconds. */
const retryAfterShutdownMs = 1_000;

/** Creates the lifecycle of an app. Nothing is started before `listen`. */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
	const { supports, port, replica, streaming, store, shutdownDelayMs, clock } = options;
	let readiness: Readiness = { state: "starting" };
	let opening: ReturnType<Port["listen"]> | undefined;
	let closing: Promise<void> | undefined;
	let endDelay: (() => void) | undefined;

	const become = (state: Readiness["state"]) => {
		readiness = { state };
		options.onReadiness();
	};

	const shuttingDown = () =>
		new Failure(ErrorReason.SHUTTING_DOWN, "this replica is shutting down", {
			retryAfterMs: retryAfterShutdownMs,
		});

	const requireOpen = () => {
		if (closing !== undefined) throw shuttingDown();
	};

	const closeAll = async (graceMs: number) => {
		await port.close(graceMs);
		for (const support of supports) await support.stop();
		await store.close();
	};

	const open = async () => {
		try {
			requireOpen();
			for (const support of supports) await support.start();
			requireOpen();
			const address = await port.listen();
			requireOpen();
			await replica.start();
			requireOpen();
			become("ready");
			return address;
		} catch (error) {
			await closeAll(0);
			throw closing === undefined ? error : shuttingDown();
		}
	};

	/** Waits for balancers, which send calls until they see that this replica is not ready. */
	const delay = () =>
		new Promise<void>((resolve) => {
			const end = () => {
				timer.cancel();
				endDelay = undefined;
				resolve();
			};
			const timer = clock.setTimer(shutdownDelayMs, end);
			endDelay = end;
		});

	const shutDown = async (graceMs: number) => {
		const wasReady = readiness.state === "ready";
		become("stopping");
		if (wasReady && shutdownDelayMs > 0) await delay();
		for (const part of streaming) part.drain(shuttingDown());
		await closeAll(graceMs);
		// `open` closes a store that opens meanwhile.
		await opening?.catch(() => {});
	};

	return {
		readiness: () => readiness,
		listen() {
			opening = open();
			return opening;
		},
		close(graceMs) {
			closing ??= shutDown(graceMs);
			return closing;
		},
		skipDelay() {
			const isDelayed = endDelay !== undefined;
			endDelay?.();
			return isDelayed;
		},
	};
}
