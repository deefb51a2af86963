import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect } from "node:tls";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { reasonIn } from "../../server/src/service/errors/connect-error.ts";
import type { Pair } from "./client-certificates.ts";
import { createClientFrame, createHandshake, readServerFrames } from "./raw-websocket.ts";
import { until } from "./until.ts";

/** A service that speaks TLS. */
export interface TlsServer {
	readonly url: string;
	/** Its certificate, in PEM. */
	readonly cert: string;
}

/** Header fields that a call is made with. */
export type Fields = Readonly<Record<string, string>>;
/** Makes one call that reads. @returns the reason of its refusal, or "ok"; the status, where the form has one */
export type TlsForm = (
	server: TlsServer,
	client: Partial<Pair>,
	fields: Fields,
) => Promise<readonly [string, (number | undefined)?]>;

const procedure = "/novasphere.v1.WukongService/ListWukongs";
const watch = "/api/v1/wukongs:watch";

/** What a text says of a call, and undefined where it does not yet. */
function outcomeIn(text: string): string | undefined {
	const reason = /"reason":"([A-Z_]+)"/.exec(text)?.[1];
	return reason ?? (text.includes("wukongs") || text.includes('"type"') ? "ok" : undefined);
}

/** Reads an answer until it says how the call went: a stream goes on. */
function send(path: string, fields: Fields, body = ""): TlsForm {
	return async (server, client, more) => {
		const sent = request(server.url + path, {
			...{ ca: server.cert, ...client, agent: false, servername: "localhost" },
			...{ method: body === "" ? "GET" : "POST", headers: { ...fields, ...more } },
		});
		const response = await new Promise<IncomingMessage>((resolve, reject) => {
			sent.on("response", resolve).on("error", reject).end(body);
		});
		let text = "";
		for await (const chunk of response) {
			text += chunk;
			if (outcomeIn(text) !== undefined) break;
		}
		sent.destroy();
		return [outcomeIn(text) ?? text, response.statusCode];
	};
}

function byTransport(
	create: (options: Parameters<typeof createGrpcTransport>[0]) => Transport,
): TlsForm {
	return async (server, client, headers) => {
		const nodeOptions = { ca: server.cert, ...client };
		const { listWukongs } = createClient(
			WukongService,
			create({ baseUrl: server.url, nodeOptions, idleConnectionTimeoutMs: 1 }),
		);
		try {
			await listWukongs({}, { headers });
			return ["ok"];
		} catch (error) {
			return [reasonIn(ConnectError.from(error)) ?? String(error)];
		}
	};
}

const byWebSocket: TlsForm = async (server, client, fields) => {
	const { hostname: host, port } = new URL(server.url);
	const socket = connect({
		...{ host, port: Number(port), servername: "localhost", ca: server.cert, ...client },
		ALPNProtocols: ["http/1.1"],
	});
	const chunks: Buffer[] = [];
	let isClosed = false;
	socket
		.on("data", (chunk: Buffer) => chunks.push(chunk))
		.on("close", () => {
			isClosed = true;
		});
	socket.on("error", () => {});
	const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
	const subscribe = JSON.stringify({ type: "subscribe", id: "1", query: {} });
	socket.write(createHandshake("/api/v1/ws", ...lines));
	const received = () => Buffer.concat(chunks);
	const bodyStart = () => received().indexOf("\r\n\r\n") + 4;
	await until("the handshake is answered", () => isClosed || bodyStart() > 3);
	const status = Number(received().subarray(9, 12));
	if (status === 101) socket.write(createClientFrame(subscribe));
	const said = () => {
		const rest = received().subarray(bodyStart());
		if (status !== 101) return rest.toString();
		const { frames } = readServerFrames(rest);
		return frames.map(({ payload }) => payload.toString()).join("\n");
	};
	await until("the call is answered", () => isClosed || outcomeIn(said()) !== undefined);
	socket.destroy();
	return [outcomeIn(said()) ?? said(), status === 101 ? undefined : status];
};

/** One call in each form that the port has, over TLS and with a client certificate. */
export const tlsForms: Readonly<Record<string, TlsForm>> = {
	Connect: send(procedure, { "content-type": "application/json" }, "{}"),
	gRPC: byTransport(createGrpcTransport),
	"gRPC-Web": byTransport((options) => createGrpcWebTransport({ ...options, httpVersion: "2" })),
	REST: send("/api/v1/wukongs", {}),
	SSE: send(watch, { accept: "text/event-stream" }),
	NDJSON: send(watch, { accept: "application/x-ndjson" }),
	WebSocket: byWebSocket,
	"Connect GET": send(`${procedure}?connect=v1&encoding=json&message=%7B%7D`, {}),
};
