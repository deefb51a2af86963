import type { TransportObserver } from "./observer.ts";

type Tell = (first?: unknown, second?: unknown) => void;

/**
 * An observer that never throws: what it throws is told to it as `unexpected`, once, and where it
 * throws over that as well, nobody is left to be told.
 */
export function createSafeObserver(observer: TransportObserver): TransportObserver {
	// Called as a method of its own: an observer may be a class.
	const tellers = observer as unknown as Readonly<Record<keyof TransportObserver, Tell>>;
	const unexpected = (error: unknown): void => {
		try {
			observer.unexpected(error);
		} catch {}
	};
	const safe =
		(name: Exclude<keyof TransportObserver, "unexpected">): Tell =>
		(first, second) => {
			try {
				tellers[name](first, second);
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
