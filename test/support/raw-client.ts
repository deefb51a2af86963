import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { frameTypes, type ReceivedFrame, readFrames } from "./h2-frames.ts";
import { until } from "./until.ts";

/** A connection on which a test writes what it likes. */
export interface RawClient {
	readonly socket: Socket;
	/** All that came so far, as latin1 text. */
	readonly received: () => string;
	/** The other end closed, with FIN or RST. */
	readonly isClosed: () => boolean;
	send(bytes: string | Uint8Array): Promise<void>;
	/** Waits for text to arrive. */
	expectText(text: string): Promise<void>;
	expectClosed(): Promise<void>;
	/** The HTTP/2 frames that came so far. */
	readonly frames: () => readonly ReceivedFrame[];
	/** Waits until the types of the HTTP/2 frames that came satisfy the condition. */
	expectFrames(condition: (types: readonly string[]) => boolean): Promise<void>;
}

/** Opens a raw connection; `alpn` makes it TLS. */
export async function openRaw(port: number, alpn?: string): Promise<RawClient> {
	const socket =
		alpn === undefined
			? connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })
			: connectTls({ port, host: "127.0.0.1", ALPNProtocols: [alpn], rejectUnauthorized: false });
	const chunks: Buffer[] = [];
	let closed = false;
	socket.on("data", (chunk: Buffer) => chunks.push(chunk));
	for (const event of ["end", "close", "error"]) {
		socket.on(event, () => {
			closed = true;
		});
	}
	await new Promise((resolve, reject) => {
		socket.once(alpn === undefined ? "connect" : "secureConnect", resolve);
		socket.once("error", reject);
	});
	const received = () => Buffer.concat(chunks).toString("latin1");
	return {
		socket,
		received,
		isClosed: () => closed,
		send: (bytes) =>
			new Promise((resolve) => {
				// A server that has closed already is the end state that some tests wait for.
				socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () =>
					resolve(),
				);
			}),
		expectText: (text) => until(`"${text}" arrives`, () => received().includes(text)),
		async expectClosed() {
			await until("the server closes the connection", () => closed);
			socket.destroy();
		},
		frames: () => readFrames(Buffer.concat(chunks)),
		expectFrames: (condition) =>
			until("the expected frames arrive", () => condition(frameTypes(Buffer.concat(chunks)))),
	};
}

/** Sends a request, waits for the server to close, and gives the status line's number; "" for none. */
export async function statusOf(port: number, request: string): Promise<string> {
	const client = await openRaw(port);
	await client.send(request);
	await client.expectClosed();
	return /^HTTP\/1\.1 (\d{3})/.exec(client.received())?.[1] ?? "";
}
