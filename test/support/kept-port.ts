import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";

/** Where the search begins: above the ports that fetch refuses (Fetch, 2.9), below Linux's own. */
const firstPort = 20_000;

/** The first port that Linux gives away by itself, unless it is told otherwise. */
const usualFirstGiven = 32_768;

let next = firstPort + ((process.pid * 13) % 10_000);

/**
 * Finds a port of 127.0.0.1 that stays this process's own, also while nobody listens on it: for
 * servers that come again where they were, for programs that must be told their port, and for a
 * place where nobody answers. A free one that the system has given (`listen(0)`) is given to the next
 * who asks, in another test, as soon as it is closed.
 *
 * It is none of those that the system gives away, and a listener on 127.0.0.2 tells other tests that
 * it is taken, until the process ends.
 */
export async function keepPort(): Promise<number> {
	const end = firstGivenPort();
	for (let tries = firstPort; tries < end; tries++) {
		next = next + 1 < end ? next + 1 : firstPort;
		const port = next;
		const claim = await listens(port, "127.0.0.2");
		if (claim === undefined) continue;
		const probe = await listens(port, "127.0.0.1");
		if (probe === undefined) {
			claim.close();
			continue;
		}
		probe.close();
		await once(probe, "close");
		claim.unref();
		return port;
	}
	throw new Error(`no port from ${firstPort} to ${end} is free`);
}

async function listens(port: number, host: string): Promise<Server | undefined> {
	const server = createServer((socket) => void socket.destroy()).listen(port, host);
	try {
		await once(server, "listening");
		return server;
	} catch {
		return undefined;
	}
}

function firstGivenPort(): number {
	try {
		const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
		return Math.max(firstPort + 1_000, Number.parseInt(range, 10));
	} catch {
		return usualFirstGiven;
	}
}
