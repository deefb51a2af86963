import { once } from "node:events";
import { createServer } from "node:net";
import {
	type Blow,
	type Condition,
	carryConnection,
	type FaultConnection,
} from "./fault-connection.ts";
import { keepPort } from "./kept-port.ts";

/** A TCP proxy that fails as a test tells it. */
export interface FaultProxy {
	/** Where it listens, on 127.0.0.1. */
	readonly port: number;
	/** Number of connections that clients have open. */
	readonly connections: number;
	/** How many blows have fallen. */
	readonly blows: number;
	/** From now on, for open connections and for new ones. */
	set(condition: Condition): Promise<void>;
	/**
	 * Strikes each open connection once, when so many more bytes have passed to its client, and
	 * each that is opened before the first blow has fallen: a client may give up all that it has
	 * before so many bytes have come.
	 * @param afterBytes default 0: at once
	 */
	strike(blow: Blow, afterBytes?: number): void;
	close(): Promise<void>;
}

/** Starts a proxy before a port of 127.0.0.1, on a port that it keeps while it is down. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
	const connections = new Set<FaultConnection>();
	let condition: Condition = { kind: "clear" };
	let blows = 0;
	/** What strikes new connections, too, until a blow has fallen. */
	let pending: { readonly blow: Blow; readonly afterBytes: number } | undefined;
	const server = createServer({ allowHalfOpen: true }, (client) => {
		const connection: FaultConnection = carryConnection({
			client,
			targetPort,
			condition: () => condition,
			onBlow() {
				blows++;
				pending = undefined;
			},
			onClosed: () => connections.delete(connection),
		});
		connections.add(connection);
		if (pending !== undefined) connection.strike(pending.blow, pending.afterBytes);
	});
	const port = await keepPort();
	const listen = async () => {
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
	};
	const stop = async () => {
		if (!server.listening) return;
		server.close();
		for (const connection of connections) connection.reset();
		await once(server, "close");
	};
	await listen();

	return {
		port,
		get connections() {
			return [...connections].filter(({ open }) => open).length;
		},
		get blows() {
			return blows;
		},
		async set(next) {
			condition = next;
			// As the first piece that comes through would.
			if (next.kind === "clear") for (const connection of connections) connection.tell();
			if (next.kind === "down") await stop();
			else if (!server.listening) await listen();
		},
		strike(blow, afterBytes = 0) {
			pending = { blow, afterBytes };
			for (const connection of connections) connection.strike(blow, afterBytes);
		},
		close: stop,
	};
}
