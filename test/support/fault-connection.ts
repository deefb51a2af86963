import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";

/** What the way between client and server is like, until it is changed. */
export type Condition =
	/** Bytes pass. */
	| { readonly kind: "clear" }
	/** Each piece comes so much later, in both directions. */
	| { readonly kind: "slow"; readonly delayMs: number }
	/** Bytes come one by one, in both directions. */
	| { readonly kind: "drip" }
	/** What is for the client gathers until it is so much, as in a proxy that buffers. */
	| { readonly kind: "buffer"; readonly bytes: number }
	/** Nothing passes, not even the end of a connection, and nobody is told. */
	| { readonly kind: "blackhole" }
	/** Nobody listens, and what was open is reset. */
	| { readonly kind: "down" };

/** What happens once to a connection. */
export type Blow =
	/** Both sides see its end. */
	| "cut"
	/** Both sides see a reset (RST). */
	| "reset"
	/** The client sees the server's end; the server sees nothing. */
	| "half-close"
	/** One byte for the client comes with its bits turned. */
	| "garble";

/** One connection through the proxy. */
export interface FaultConnection {
	/** The client has not ended its side. */
	readonly open: boolean;
	/** Strikes when so many more bytes have passed to the client; 0: at once. */
	strike(blow: Blow, afterBytes: number): void;
	/** Tells the server that the client has left, where that was kept back. */
	tell(): void;
	/** Resets both sides. */
	reset(): void;
}

/** Who wants to carry a connection. */
export interface FaultConnectionOptions {
	readonly client: Socket;
	/** Of 127.0.0.1. */
	readonly targetPort: number;
	/** Asked again for each piece of bytes. */
	readonly condition: () => Condition;
	/** A blow has fallen. */
	readonly onBlow: () => void;
	/** Both sides are gone. */
	readonly onClosed: () => void;
}

export function carryConnection(options: FaultConnectionOptions): FaultConnection {
	const { client, condition } = options;
	const server = connect({ host: "127.0.0.1", port: options.targetPort, allowHalfOpen: true });
	let armed: { readonly blow: Blow; readonly afterBytes: number } | undefined;
	let open = true;
	/** What gathers in a buffer. */
	let gathered = Buffer.alloc(0);
	/** Something was kept back: nothing that comes after it may pass. */
	let broken = false;
	/** The blackhole kept it. */
	let swallowed = false;
	const swallow = () => {
		broken = true;
		swallowed = true;
	};

	const reset = () => {
		client.resetAndDestroy();
		server.resetAndDestroy();
	};
	const act = (blow: Exclude<Blow, "garble">) => {
		broken = true;
		options.onBlow();
		if (blow === "reset") return reset();
		client.end();
		if (blow === "cut") server.destroy();
	};

	const pass = async (chunk: Buffer, to: Socket): Promise<void> => {
		const pieces =
			condition().kind === "drip" ? [...chunk].map((byte) => Buffer.of(byte)) : [chunk];
		for (const piece of pieces) {
			if (!to.writable) return;
			if (!to.write(piece)) await drained(to);
			if (pieces.length > 1) await nextTurn();
		}
	};
	const passToClient = async (chunk: Buffer): Promise<void> => {
		if (armed === undefined) return pass(chunk, client);
		const { blow, afterBytes } = armed;
		const before = chunk.subarray(0, afterBytes);
		const rest = Buffer.from(chunk.subarray(afterBytes));
		if (chunk.length < afterBytes || (blow === "garble" && rest[0] === undefined)) {
			armed = { blow, afterBytes: afterBytes - chunk.length };
			return pass(chunk, client);
		}
		armed = undefined;
		await pass(before, client);
		if (blow !== "garble") return act(blow);
		rest[0] = ~Number(rest[0]);
		options.onBlow();
		await pass(rest, client);
	};
	const bring = async (chunk: Buffer, to: Socket): Promise<void> => {
		const now = condition();
		if (now.kind === "slow") await pause(now.delayMs, undefined, { ref: false });
		if (now.kind === "blackhole") swallow();
		if (broken) return;
		if (to !== client) return pass(chunk, to);
		gathered = Buffer.concat([gathered, chunk]);
		if (now.kind === "buffer" && gathered.length < now.bytes) return;
		await release();
	};
	const release = () => {
		const whole = gathered;
		gathered = Buffer.alloc(0);
		return passToClient(whole);
	};
	const bringEnd = async (to: Socket): Promise<void> => {
		if (condition().kind === "blackhole") swallow();
		else if (swallowed) reset();
		if (broken) return;
		if (to === client && gathered.length > 0) await release();
		to.end();
	};

	for (const [from, to] of [
		[client, server],
		[server, client],
	] as const) {
		from.setNoDelay();
		// A side that breaks off is no fault of the proxy's; the other side is told.
		from.on("error", () => broken || to.resetAndDestroy());
		from.on("close", () => {
			if (from === client) open = false;
			if (client.destroyed && server.destroyed) options.onClosed();
			else if (condition().kind !== "blackhole") to.end();
		});
		// One after the other, however long each takes; what comes meanwhile is taken in at once,
		// so that the end of a side is known as soon as it comes.
		let last = Promise.resolve();
		from.on("data", (chunk: Buffer) => {
			last = last.then(() => bring(chunk, to));
		});
		from.on("end", () => {
			if (from === client) open = false;
			last = last.then(() => bringEnd(to));
		});
	}

	return {
		get open() {
			return open;
		},
		strike(blow, afterBytes) {
			if (afterBytes === 0 && blow !== "garble") act(blow);
			else armed = { blow, afterBytes };
		},
		tell() {
			if (swallowed && !open) reset();
		},
		reset,
	};
}

/** Resolves when there is room to write, or no use in it. */
function drained(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			socket.off("drain", done).off("close", done);
			resolve();
		};
		socket.on("drain", done).on("close", done);
	});
}
