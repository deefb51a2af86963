import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { Readable } from "node:stream";
import {
	create,
	fromBinary,
	fromJson,
	type MessageInitShape,
	toBinary,
	toJson,
} from "@bufbuild/protobuf";
import {
	WatchWukongRequestSchema,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import {
	createEnvelope,
	envelopePrefixBytes,
	readEnvelopeLength,
} from "../../server/src/rpc/protocol/envelope.ts";
import { pathOf } from "./path-of.ts";
import { createPlainReader, openPlainWatch, type PlainForm } from "./plain-watch.ts";
import { openRawWebSocket } from "./raw-websocket.ts";

/** A Watch on a connection of its own, whose reader may stand still. */
export interface SocketReader {
	/** Reads nothing more: the connection fills, and then the server has to wait. */
	stall(): void;
	goOn(): void;
	/** Leaves, and takes the connection along. */
	cut(): void;
}

/** How a Watch is opened. */
export interface SocketWatch {
	readonly url: string;
	readonly httpVersion: "1.1" | "2";
	/** Form in plain HTTP, or a WebSocket at `/ws`. Default: Connect's binary stream. */
	readonly form?: PlainForm | "websocket" | undefined;
	readonly header: Readonly<Record<string, string>>;
	readonly request: MessageInitShape<typeof WatchWukongRequestSchema>;
	/** Told of each message. */
	readonly receive: (event: WukongEvent) => void;
}

/** Resolves with the head of the answer. */
export async function openSocketReader(watch: SocketWatch): Promise<SocketReader> {
	const { form } = watch;
	if (form === "websocket") return openWebSocketReader(watch);
	const { body, cut } = await open({ ...watch, form });
	body.on("error", () => {});
	const read = form === undefined ? createEnvelopeReader() : createEventReader(form);
	let isCut = false;
	body.on("data", (chunk: Buffer) => {
		for (const event of read(chunk)) if (!isCut) watch.receive(event);
	});
	return {
		stall: () => void body.pause(),
		goOn: () => void body.resume(),
		cut() {
			isCut = true;
			cut();
		},
	};
}

function createEnvelopeReader(): (chunk: Buffer) => WukongEvent[] {
	let rest: Buffer = Buffer.alloc(0);
	return (chunk) => {
		const events: WukongEvent[] = [];
		rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
		while (rest.length >= envelopePrefixBytes) {
			const end = envelopePrefixBytes + readEnvelopeLength(rest);
			if (rest.length < end) break;
			events.push(fromBinary(WukongEventSchema, rest.subarray(envelopePrefixBytes, end)));
			rest = rest.subarray(end);
		}
		return events;
	};
}

function createEventReader(form: PlainForm): (chunk: Buffer) => WukongEvent[] {
	const read = createPlainReader(form);
	return (chunk) => read(chunk).flatMap((message) => ("event" in message ? message.event : []));
}

function open(watch: SocketWatch & { readonly form: PlainForm | undefined }): Promise<Opened> {
	const { form, request, header } = watch;
	// A browser says where it was in a header field, and leaves the URL as it is.
	if (form === "sse" && request.resourceVersion) {
		const fields = { ...header, "last-event-id": request.resourceVersion };
		return openPlainWatch({
			...watch,
			form,
			request: { ...request, resourceVersion: "7" },
			header: fields,
		});
	}
	if (form !== undefined) return openPlainWatch({ ...watch, form });
	return watch.httpVersion === "2" ? openHttp2(watch) : openHttp1(watch);
}

interface Opened {
	readonly body: Readable;
	cut(): void;
}

const contentType = { "content-type": "application/connect+proto" };

function requestBody({ request }: SocketWatch): Buffer {
	const message = create(WatchWukongRequestSchema, request);
	return createEnvelope(0, toBinary(WatchWukongRequestSchema, message));
}

async function openHttp1(watch: SocketWatch): Promise<Opened> {
	const request = httpRequest(`${watch.url}${pathOf("WatchWukong")}`, {
		method: "POST",
		agent: false,
		headers: { ...contentType, ...watch.header },
	});
	request.on("error", () => {});
	request.end(requestBody(watch));
	const [body] = (await once(request, "response")) as [IncomingMessage];
	return { body, cut: () => void body.socket.destroy() };
}

async function openHttp2(watch: SocketWatch): Promise<Opened> {
	const session = connectHttp2(watch.url);
	session.on("error", () => {});
	const body = session.request({
		":method": "POST",
		":path": pathOf("WatchWukong"),
		...contentType,
		...watch.header,
	});
	body.on("error", () => {});
	body.end(requestBody(watch));
	await once(body, "response");
	return { body, cut: () => session.destroy() };
}

/** A WebSocket with one subscription. */
async function openWebSocketReader(watch: SocketWatch): Promise<SocketReader> {
	let isCut = false;
	const fields = Object.entries(watch.header).map(([name, value]) => `${name}: ${value}`);
	const { raw, send, onSaid } = await openRawWebSocket(
		Number(new URL(watch.url).port),
		"/ws",
		...fields,
	);
	onSaid((message) => {
		if (isCut || message.type !== "events") return;
		for (const event of message.events) watch.receive(fromJson(WukongEventSchema, event));
	});
	const query = toJson(WatchWukongRequestSchema, create(WatchWukongRequestSchema, watch.request));
	await send({ type: "subscribe", id: "it", query });
	return {
		stall: () => void raw.socket.pause(),
		goOn: () => void raw.socket.resume(),
		cut() {
			isCut = true;
			raw.socket.destroy();
		},
	};
}
