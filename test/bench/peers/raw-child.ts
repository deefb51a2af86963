// The most that Node's own HTTP gives: no routing to speak of, no decoding, bytes that were made
// before the first request. The events of a burst are joined once, and each stream gets them in
// one write.
import { createServer, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { envelope } from "../load/envelope.ts";
import { encode, type Form } from "../payload/form.ts";
import { readPayload } from "../payload/payload.ts";
import { procedure } from "../payload/procedure.ts";
import { announce } from "./announce.ts";
import { onBurst } from "./control.ts";

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

const http1Watches = new Set<ServerResponse>();
const http2Watches = new Set<ServerHttp2Stream>();

const http1 = createServer({ keepAliveTimeout: 300_000 }, (request, response) => {
	request.resume().on("end", () => {
		const answer = json.answers[request.url ?? ""];
		if (answer !== undefined) {
			response.writeHead(200, {
				"content-type": "application/json",
				"content-length": answer.length,
			});
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

/** @param ready the bytes of an event of each VM */
const joined = (ready: readonly Buffer[], places: readonly number[]) =>
	Buffer.concat(places.flatMap((place) => ready[place] ?? []));

onBurst((places) => {
	if (http1Watches.size > 0) {
		const bytes = joined(json.changed, places);
		for (const response of http1Watches) response.write(bytes);
	}
	if (http2Watches.size > 0) {
		const bytes = joined(grpc.changed, places);
		for (const stream of http2Watches) stream.write(bytes);
	}
}, changed.length);

await announce(http1, http2);
