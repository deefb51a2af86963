import fc from "fast-check";
import { openStage } from "../hostile/stage.ts";
import { envelope } from "../hostile/wire-bytes.ts";
import { frame, h2Preface, headersFrame } from "../support/h2-frames.ts";
import { pathOf } from "../support/path-of.ts";
import { openRaw } from "../support/raw-client.ts";
import { claim, cutAt, cuts, type FuzzTarget, fuzzTarget, mutated } from "./target.ts";

const json = '{"name":"web-1"}';
const post = (type: string, body: string | Uint8Array) => {
	const content = Buffer.from(body as string);
	const head = `POST ${pathOf("GetWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${content.byteLength}\r\n\r\n`;
	return Buffer.concat([Buffer.from(head), content]);
};
const get = `GET ${pathOf("GetWukong")}?encoding=json&message=${encodeURIComponent(json)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const h2Call = Buffer.concat([
	h2Preface,
	headersFrame(1, {
		":method": "POST",
		":scheme": "http",
		":path": pathOf("GetWukong"),
		":authority": "localhost",
		"content-type": "application/grpc+json",
		te: "trailers",
	}),
	frame(0, 1, 1, envelope(json)),
]);
const requests = [
	post("application/json", json),
	post("application/proto", "\x12\x05web-1"),
	post("application/grpc-web+json", envelope(json)),
	Buffer.from(get),
	h2Call,
];

/** A started service, and a target that sends it sound requests with a few changes. */
export async function openWholePort(): Promise<FuzzTarget & AsyncDisposable> {
	const stage = await openStage("--log-level=silent");
	const input = fc.record({ bytes: mutated(fc.constantFrom(...requests)), cuts });
	const target = fuzzTarget(
		"requests to a started service",
		input,
		async ({ bytes, cuts: places }) => {
			const client = await openRaw(stage.portNumber);
			for (const chunk of cutAt(bytes, places)) await client.send(chunk);
			client.socket.end();
			await client.expectClosed();
			claim("no fault of ours", !client.received().startsWith("HTTP/1.1 500"));
			claim("the store is as it was", (await stage.storeVersion()) === stage.facts.storeVersion);
		},
	);
	return { ...target, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}
