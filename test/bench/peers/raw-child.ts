// The most that Node's own HTTP gives: no routing to speak of, no decoding, bytes that were made
// before the first request. Events are written one by one, as they would come from a log; joining
// a burst's bytes first would be another, higher bar: docs/performance.md has it.
import { createServer, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { envelope } from "../envelope.ts";
import { encode, type Form } from "../form.ts";
import { readPayload } from "../payload.ts";
import { procedure } from "../procedure.ts";
import { announce } from "./announce.ts";
import { onBurst } from "./burst.ts";

const { list, get, synced, changed } = readPayload(process.argv[2] ?? "");
const event = (message: WukongEvent, form: Form) =>
	envelope(encode(WukongEventSchema, message, form));

const json = {
	answers: {
		[procedure("GetWukong")]: encode(GetWukongResponseSchema, get, "json"),
		[procedure("ListWukongs")]: encode(ListWukongsResponseSchema, list, "json"),
	} as Readonly<Record<string, Buffer | undefined>>,
	synced: event(synced, "json"),
	changed: changed.map((message) => event(message, "json")),
};
const grpc = {
	answers: {
		[procedure("GetWukong")]: envelope(encode(GetWukongResponseSchema, get, "binary")),
		[procedure("ListWukongs")]: envelope(encode(ListWukongsResponseSchema, list, "binary")),
	} as Readonly<Record<string, Buffer | undefined>>,
	synced: event(synced, "binary"),
	changed: changed.map((message) => event(message, "binary")),
};
/** The benchmark asks for the list in binary form once, to learn the version to watch from. */
const listBinary = encode(ListWukongsResponseSchema, list, "binary");

const http1Watches = new Set<ServerResponse>();
const http2Watches = new Set<ServerHttp2Stream>();

const http1 = createServer({ keepAliveTimeout: 300_000 }, (request, response) => {
	request.resume().on("end", () => {
		const { url = "", headers } = request;
		const type = headers["content-type"];
		const answer = type === "application/proto" ? listBinary : json.answers[url];
		if (answer !== undefined) {
			response.writeHead(200, { "content-type": type, "content-length": answer.length });
			response.end(answer);
			return;
		}
		response.writeHead(200, { "content-type": "application/connect+json" });
		response.write(json.synced);
		http1Watches.add(response);
		response.on("close", () => http1Watches.delete(response));
	});
});

const http2 = createHttp2Server();
http2.on("stream", (stream: ServerHttp2Stream, headers) => {
	stream.on("error", () => {});
	stream.resume().on("end", () => {
		const answer = grpc.answers[headers[":path"] ?? ""];
		stream.respond(
			{ ":status": 200, "content-type": "application/grpc+proto" },
			{ waitForTrailers: true },
		);
		stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
		if (answer !== undefined) {
			stream.end(answer);
			return;
		}
		stream.write(grpc.synced);
		http2Watches.add(stream);
		stream.on("close", () => http2Watches.delete(stream));
	});
});

onBurst((places) => {
	for (const place of places) {
		for (const response of http1Watches) response.write(json.changed[place]);
		for (const stream of http2Watches) stream.write(grpc.changed[place]);
	}
}, changed.length);

await announce(http1, http2);
