import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { splitByFirstBytes } from "../../server/src/http/protocol-split.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { claim, cutAt, cuts, fuzzTarget, mutated } from "./target.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const start = fc.oneof(
	fc.uint8Array({ maxLength: 64 }),
	mutated(fc.constantFrom(preface, Buffer.from("POST / HTTP/1.1\r\n\r\n"))),
	fc
		.tuple(fc.nat(preface.byteLength), fc.uint8Array({ maxLength: 8 }))
		.map(([length, rest]) => Buffer.concat([preface.subarray(0, length), rest])),
);

/** HTTP/2 is told from HTTP/1 by the same bytes however they are cut, and none of them is lost. */
export const firstBytes = fuzzTarget(
	"the first bytes of a connection",
	fc.record({ bytes: start, cuts }),
	async ({ bytes, cuts: places }) => {
		const stream = new PassThrough();
		let version: "HTTP/1" | "HTTP/2" | undefined;
		const received: Buffer[] = [];
		const take = (decided: typeof version) => (socket: Socket) => {
			claim("decided once", version === undefined);
			version = decided;
			socket.on("data", (chunk: Buffer) => received.push(chunk));
		};
		splitByFirstBytes(stream as unknown as Socket, {
			clock: createFakeClock(),
			timeoutMs: 1,
			onHttp1: take("HTTP/1"),
			onHttp2: take("HTTP/2"),
			onTimeout() {},
		});
		for (const chunk of cutAt(bytes, places)) {
			stream.write(chunk);
			await new Promise((resolve) => setImmediate(resolve));
		}
		const compared = bytes.subarray(0, preface.byteLength);
		const isPrefix = preface.subarray(0, compared.byteLength).equals(compared);
		const isWhole = compared.byteLength === preface.byteLength;
		const expected = isPrefix ? (isWhole ? "HTTP/2" : undefined) : "HTTP/1";
		claim(`taken for ${expected}, not for ${version}`, version === expected);
		if (version !== undefined) claim("no byte is lost", Buffer.concat(received).equals(bytes));
		stream.destroy();
	},
);
