import type { HttpObserver } from "../http/observer.ts";
import type { RpcObserver } from "../rpc/observer.ts";

/** Receives the events of a port: those of its connections and those of its calls. */
export interface PortObserver extends HttpObserver, RpcObserver {}

/** Observes nothing. */
export const silentObserver: PortObserver = {
	connectionOpened() {},
	connectionClosed() {},
	connectionFault() {},
	callEnded() {},
	callRefused() {},
	encoded() {},
	tlsReloaded() {},
	tlsReloadFailed() {},
	unexpected() {},
};

type Notify = (first?: unknown, second?: unknown) => void;

/**
 * Wraps an observer so that it never throws. What it throws is passed to its own `unexpected`,
 * once; what that throws is dropped.
 */
export function createSafeObserver(observer: PortObserver): PortObserver {
	// Called as a method of its own: an observer may be a class.
	const methods = observer as unknown as Readonly<Record<keyof PortObserver, Notify>>;
	const unexpected = (error: unknown): void => {
		try {
			observer.unexpected(error);
		} catch {}
	};
	const safe =
		(name: Exclude<keyof PortObserver, "unexpected">): Notify =>
		(first, second) => {
			try {
				methods[name](first, second);
			} catch (error) {
				unexpected(error);
			}
		};
	return {
		connectionOpened: safe("connectionOpened"),
		connectionClosed: safe("connectionClosed"),
		connectionFault: safe("connectionFault"),
		callEnded: safe("callEnded"),
		callRefused: safe("callRefused"),
		encoded: safe("encoded"),
		tlsReloaded: safe("tlsReloaded"),
		tlsReloadFailed: safe("tlsReloadFailed"),
		unexpected,
	};
}
