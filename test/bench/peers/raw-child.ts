// The most that Node's own HTTP gives: no routing to speak of, no decoding, bytes that were made
// before the first request and are found by the bytes of the request. The events of a burst are
// joined once, and each stream gets them in one write.
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import {
	GetWukongRequestSchema,
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	WatchWukongRequestSchema,
	type WukongEvent,
	WukongEvent_Type,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { envelope, envelopeHeadBytes } from "../load/envelope.ts";
import { countClientMessages, createServerMessage } from "../load/websocket-frames.ts";
import { decode, encode, type Form } from "../payload/form.ts";
import { readPayload } from "../payload/payload.ts";
import { procedure } from "../payload/procedure.ts";
import { announce } from "./announce.ts";
import { onBurst } from "./control.ts";

const { list, synced, changed } = readPayload(process.argv[2] ?? "");
const places = new Map(list.wukongs.map(({ name }, place) => [name, place]));
const namespacePlaces = new Map(list.wukongs.map(({ namespace }, place) => [namespace, place]));
const listPath = procedure("ListWukongs");
const watchPath = procedure("WatchWukong");

interface Writable {
	write(bytes: Buffer): unknown;
}

/** All that is said in one form, made beforehand, and who is told of changes. */
function createAnswers(
	form: Form,
	frame: (bytes: Buffer) => Buffer,
	frameEvent: (json: Buffer, event: WukongEvent) => Buffer = envelope,
) {
	const event = (message: WukongEvent) =>
		frameEvent(encode(WukongEventSchema, message, form), message);
	const gets = new Map(
		list.wukongs.map((wukong) => {
			const { namespace, name } = wukong;
			const request = encode(GetWukongRequestSchema, { namespace, name }, form);
			const answer = encode(GetWukongResponseSchema, { wukong }, form);
			return [frame(request).toString("latin1"), frame(answer)];
		}),
	);
	const all = frame(encode(ListWukongsResponseSchema, list, form));
	const events = changed.map(event);
	const ofAll = new Set<Writable>();
	const ofOne = new Map<number, Set<Writable>>();
	return {
		synced: event(synced),
		/** undefined: it is a watch. */
		answerTo(path: string, body: Buffer): Buffer | undefined {
			if (path === watchPath) return undefined;
			return path === listPath ? all : gets.get(body.toString("latin1"));
		},
		/** @returns forgets the stream */
		watch(stream: Writable, { namespace, name }: Reference): () => void {
			// A namespace without a name is watched only where each VM has its own.
			const place = name === "" ? namespacePlaces.get(namespace) : places.get(name);
			let streams = ofAll;
			if (place !== undefined) {
				streams = ofOne.get(place) ?? new Set();
				ofOne.set(place, streams);
			}
			streams.add(stream);
			return () => streams.delete(stream);
		},
		tell(changedPlaces: readonly number[]): void {
			if (ofAll.size > 0) {
				const bytes = Buffer.concat(changedPlaces.flatMap((place) => events[place] ?? []));
				for (const stream of ofAll) stream.write(bytes);
			}
			for (const place of ofOne.size > 0 ? changedPlaces : []) {
				const bytes = events[place];
				if (bytes === undefined) continue;
				for (const stream of ofOne.get(place) ?? []) stream.write(bytes);
			}
		},
	};
}

interface Reference {
	readonly namespace: string;
	readonly name: string;
}

/** What a watch's request names. */
function referenceIn(body: Buffer, form: Form): Reference {
	return decode(WatchWukongRequestSchema, body.subarray(envelopeHeadBytes), form);
}

const bare = (bytes: Buffer) => bytes;
const json = createAnswers("json", bare);
const grpc = createAnswers("binary", envelope);
/** Streams in plain HTTP, by what Accept says. */
const plain = {
	"text/event-stream": createAnswers("json", bare, (data, { type, resourceVersion }) =>
		Buffer.from(
			`event: ${WukongEvent_Type[type].toLowerCase()}\nid: ${resourceVersion}\ndata: ${data}\n\n`,
		),
	),
	"application/x-ndjson": createAnswers("json", bare, (line) => Buffer.from(`${line}\n`)),
};

/** @param source a request's body */
function collect(source: NodeJS.ReadableStream, done: (body: Buffer) => void): void {
	const parts: Buffer[] = [];
	source.on("data", (part: Buffer) => parts.push(part));
	source.on("end", () => {
		const [first] = parts;
		done(parts.length === 1 && first !== undefined ? first : Buffer.concat(parts));
	});
}

const http1 = createServer({ keepAliveTimeout: 300_000 }, (request, response: ServerResponse) => {
	if (request.method === "GET") {
		const contentType = request.headers.accept as keyof typeof plain;
		const answers = plain[contentType];
		response.writeHead(200, { "content-type": contentType });
		response.write(answers.synced);
		response.on("close", answers.watch(response, { namespace: "", name: "" }));
		return;
	}
	collect(request, (body) => {
		const answer = json.answerTo(request.url ?? "", body);
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
		response.on("close", json.watch(response, referenceIn(body, "json")));
	});
});

const http2 = createHttp2Server();
http2.on("stream", (stream: ServerHttp2Stream, headers) => {
	stream.on("error", () => {});
	collect(stream, (body) => {
		const answer = grpc.answerTo(headers[":path"] ?? "", body);
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
		stream.on("close", grpc.watch(stream, referenceIn(body, "binary")));
	});
});

/** Frames of the subscriptions of a socket, whose ids are their places: one for each event. */
const messages = Array.from({ length: 10 }, (_, id) =>
	createAnswers("json", bare, (event) =>
		createServerMessage(Buffer.from(`{"type":"events","id":"${id}","events":[${event}]}`)),
	),
);
/** Sockets of several subscriptions: what is written to one in one turn leaves together. */
const shared = new Set<Duplex>();
http1.on("upgrade", (request, socket, head) => {
	const accept = createHash("sha1")
		.update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
		.digest("base64");
	socket.on("error", () => {});
	socket.write(
		`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
	);
	let opened = 0;
	// Each frame subscribes; some may have come with the handshake.
	const subscribe = (frames: Buffer) => {
		const goal = opened + countClientMessages(frames);
		for (; opened < goal; opened++) {
			const answers = messages[opened];
			if (answers === undefined) return;
			socket.write(answers.synced);
			socket.on("close", answers.watch(socket, { namespace: "", name: "" }));
		}
		if (opened > 1) shared.add(socket);
	};
	if (head.length > 0) subscribe(head);
	socket.on("data", subscribe).on("close", () => shared.delete(socket));
});

onBurst((changedPlaces) => {
	for (const socket of shared) socket.cork();
	for (const answers of messages) answers.tell(changedPlaces);
	for (const socket of shared) socket.uncork();
	json.tell(changedPlaces);
	grpc.tell(changedPlaces);
	for (const answers of Object.values(plain)) answers.tell(changedPlaces);
}, changed.length);

await announce(http1, http2);
