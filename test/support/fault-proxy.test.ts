import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { until } from "./until.ts";

let server: Server;
let proxy: FaultProxy;
/** What the server saw of its connections, newest last. */
let accepted: Side[];

/** One end of a connection, and what came there. */
interface Side {
	readonly socket: Socket;
	received: string;
	pieces: number;
	/** `end`, `ECONNRESET` and the like; undefined while it goes on. */
	over: string | undefined;
}

function observe(socket: Socket): Side {
	const side: Side = { socket, received: "", pieces: 0, over: undefined };
	socket.setEncoding("latin1");
	socket.on("data", (text: string) => {
		side.received += text;
		side.pieces++;
	});
	socket.on("end", () => {
		side.over ??= "end";
	});
	socket.on("error", (error: NodeJS.ErrnoException) => {
		side.over = error.code;
	});
	return side;
}

beforeEach(async () => {
	accepted = [];
	server = createServer({ allowHalfOpen: true }, (socket) => void accepted.push(observe(socket)));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	proxy = await startFaultProxy((server.address() as AddressInfo).port);
});
afterEach(async () => {
	await proxy.close();
	for (const { socket } of accepted) socket.destroy();
	server.close();
	await once(server, "close");
});

/** A connection on which a greeting has come. */
async function open(): Promise<{ client: Side; far: Side }> {
	const number = accepted.length;
	const client = observe(
		connect({ host: "127.0.0.1", port: proxy.port, allowHalfOpen: true }).setNoDelay(),
	);
	await until("it is connected", () => accepted.length > number);
	const far = accepted[number] as Side;
	far.socket.setNoDelay().write("hello");
	await until("the greeting came", () => client.received === "hello");
	return { client, far };
}

test("a clear way passes bytes and ends in both directions", async () => {
	const { client, far } = await open();
	client.socket.end("question");
	await until("the server has all", () => far.received === "question" && far.over === "end");
	far.socket.end("answer");
	await until("the client has all", () => client.received === "helloanswer");
	await until("both are gone", () => proxy.connections === 0);
});

test("a slow way delays, and loses no order when it becomes fast", async () => {
	const { client, far } = await open();
	await proxy.set({ kind: "slow", delayMs: 20 });
	const startMs = performance.now();
	far.socket.write("1");
	await until("it came", () => client.received === "hello1");
	expect(performance.now() - startMs).toBeGreaterThan(15);
	far.socket.write("2");
	await proxy.set({ kind: "clear" });
	far.socket.write("3");
	await until("all came", () => client.received === "hello123");
});

test("dripping bytes come one by one", async () => {
	const { client, far } = await open();
	await proxy.set({ kind: "drip" });
	// A reader that comes late gets several bytes at once, but not all of them each time.
	for (let before = 0; client.pieces - before < 5; ) {
		before = client.pieces;
		const { received } = client;
		far.socket.write("0123456789");
		await until("all came", () => client.received === `${received}0123456789`);
	}
});

test.each(["cut", "reset", "half-close"] as const)(
	"%s strikes at the byte that was asked",
	async (blow) => {
		const { client, far } = await open();
		proxy.strike(blow, 3);
		far.socket.write("12");
		far.socket.write("3456");
		await until("the client sees it", () => client.over !== undefined);
		// A reset may overtake what came before it.
		expect(client.received).toMatch(blow === "reset" ? /^hello(123)?$/ : /^hello123$/);
		expect(client.over).toBe(blow === "reset" ? "ECONNRESET" : "end");
		if (blow === "half-close") expect(far.over).toBeUndefined();
		else
			await until("the server sees it, too", () => far.over !== undefined || far.socket.destroyed);
		client.socket.destroy();
	},
);

test("a blow strikes who connects before it has fallen, and nobody after", async () => {
	const { client: gone } = await open();
	proxy.strike("cut", 8);
	gone.socket.destroy();
	await until("it is gone", () => proxy.connections === 0);
	const { client, far } = await open();
	far.socket.write("12345");
	await until("the client sees it", () => client.over === "end");
	expect(client.received).toBe("hello123");
	expect(proxy.blows).toBe(1);
	const { client: next, far: nextFar } = await open();
	nextFar.socket.write("12345");
	await until("all came", () => next.received === "hello12345");
});

test("a blow leaves later connections alone", async () => {
	const { client } = await open();
	proxy.strike("reset");
	await until("it is reset", () => client.over === "ECONNRESET");
	const { client: second, far } = await open();
	far.socket.write("!");
	await until("bytes pass", () => second.received === "hello!");
});

test("garble turns one byte and passes the others", async () => {
	const { client, far } = await open();
	proxy.strike("garble", 1);
	far.socket.write("abc");
	await until("all came", () => client.received.length === 8);
	expect(client.received).toBe(`helloa${String.fromCharCode(~98 & 0xff)}c`);
});

test("a blackhole says nothing, and what was in it stays dead", async () => {
	const { client, far } = await open();
	await proxy.set({ kind: "blackhole" });
	far.socket.write("lost");
	client.socket.write("lost");
	const late = observe(connect({ host: "127.0.0.1", port: proxy.port }));
	await once(late.socket, "connect");
	late.socket.write("lost");
	await until("the server has a third side", () => accepted.length === 2);
	await proxy.set({ kind: "clear" });
	const fresh = await open();
	far.socket.write("after it");
	fresh.far.socket.write("!");
	await until("others work", () => fresh.client.received === "hello!");
	expect([client.received, client.over, far.received]).toEqual(["hello", undefined, ""]);
	for (const { socket } of [client, late, fresh.client]) socket.destroy();
});

test("down refuses and resets, and comes back on the same port", async () => {
	const { client } = await open();
	await proxy.set({ kind: "down" });
	await until("it is reset", () => client.over === "ECONNRESET");
	const refused = observe(connect({ host: "127.0.0.1", port: proxy.port }));
	await until("nobody listens", () => refused.over === "ECONNREFUSED");
	await proxy.set({ kind: "clear" });
	const { client: again } = await open();
	again.socket.destroy();
});
