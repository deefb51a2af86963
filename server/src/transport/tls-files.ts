import { readFile } from "node:fs/promises";
import type { Server } from "node:https";
import type { Clock, Timer } from "../clock.ts";
import type { TransportLimits } from "./limits.ts";
import type { TransportObserver } from "./observer.ts";

/** Where certificate and key lie, both PEM. */
export interface TlsFileNames {
	readonly certFile: string;
	readonly keyFile: string;
}

/** Certificate and key of a server, kept as the files have them. */
export interface TlsFiles {
	/** Reads the files and begins to look after them. @throws what is wrong with them. */
	start(server: Server): Promise<void>;
	stop(): void;
}

interface Pair {
	readonly cert: string;
	readonly key: string;
}

/**
 * Looks at the files again and again rather than being told: renewals replace
 * files and links in ways that file watchers miss. Connections that are open keep
 * their certificate. A pair that cannot be used changes nothing and is reported
 * once, because a renewal may be half written.
 */
export function createTlsFiles(
	names: TlsFileNames,
	options: {
		readonly clock: Clock;
		readonly limits: TransportLimits;
		readonly observer: TransportObserver;
	},
): TlsFiles {
	const { clock, limits, observer } = options;
	let timer: Timer | undefined;
	let stopped = false;
	let last: Pair | undefined;
	let lastFault = "";

	async function look(server: Server): Promise<void> {
		try {
			const pair = await readPair(names);
			if (pair.cert !== last?.cert || pair.key !== last.key) {
				server.setSecureContext(pair);
				last = pair;
				observer.tlsReloaded();
			}
			lastFault = "";
		} catch (error) {
			const fault = String(error);
			if (fault !== lastFault) observer.tlsReloadFailed(error);
			lastFault = fault;
		}
		again(server);
	}

	function again(server: Server): void {
		if (!stopped) timer = clock.setTimer(limits.tlsPollIntervalMs, () => void look(server));
	}

	return {
		async start(server) {
			last = await readPair(names);
			server.setSecureContext(last);
			again(server);
		},
		stop() {
			stopped = true;
			timer?.cancel();
		},
	};
}

async function readPair(names: TlsFileNames): Promise<Pair> {
	const [cert, key] = await Promise.all([
		readFile(names.certFile, "utf8"),
		readFile(names.keyFile, "utf8"),
	]);
	return { cert, key };
}
