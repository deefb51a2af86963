import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { openRaw } from "./raw-client.ts";
import { createHandshake, openRawWebSocket } from "./raw-websocket.ts";
import { until } from "./until.ts";

/** What a call came to, whatever its form. */
export interface FormAnswer {
	/** Name of the code as Connect has it; `ok`. */
	readonly code: string;
	/** Reason of the contract; "" where the call succeeded. */
	readonly reason: string;
	/** WWW-Authenticate, wherever the form has it; undefined: it has none. */
	readonly challenge: string | undefined;
	/** HTTP status; undefined where the form has none that says anything. */
	readonly status: number | undefined;
	/** All that the caller was told, to search for what must not be there. */
	readonly text: string;
}

/** Header fields that a call is made with. */
export type Fields = Readonly<Record<string, string>>;

/** Makes one call that reads, in one form, and breaks a stream off once it has begun. */
export type CallForm = (url: string, fields: Fields) => Promise<FormAnswer>;

const procedure = "/novasphere.v1.WukongService/ListWukongs";

/** One call in each form that the port has. */
export const eightForms: Readonly<Record<string, CallForm>> = {
	Connect: (url, fields) =>
		ofFetch(`${url}${procedure}`, {
			method: "POST",
			headers: { ...fields, "content-type": "application/json" },
			body: "{}",
		}),
	gRPC: (url, fields) => ofTransport(createGrpcTransport({ baseUrl: url }), fields),
	"gRPC-Web": (url, fields) =>
		ofTransport(createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1" }), fields),
	REST: (url, fields) => ofFetch(`${url}/api/v1/wukongs`, { headers: fields }),
	SSE: (url, fields) =>
		ofFetch(`${url}/api/v1/wukongs:watch`, { headers: { ...fields, accept: "text/event-stream" } }),
	NDJSON: (url, fields) =>
		ofFetch(`${url}/api/v1/wukongs:watch`, {
			headers: { ...fields, accept: "application/x-ndjson" },
		}),
	WebSocket: (url, fields) => ofWebSocket(url, fields),
	"Connect GET": (url, fields) =>
		ofFetch(`${url}${procedure}?connect=v1&encoding=json&message=%7B%7D`, { headers: fields }),
};

async function ofFetch(url: string, init: RequestInit): Promise<FormAnswer> {
	const leave = new AbortController();
	const response = await fetch(url, { ...init, signal: leave.signal });
	const { status } = response;
	const isStream = /event-stream|ndjson/.test(response.headers.get("content-type") ?? "");
	let body = "";
	if (isStream && status === 200) {
		body = await readFirst(response);
		leave.abort();
	} else body = await response.text();
	const heads = JSON.stringify([...response.headers]);
	const text = `${heads}\n${body}`;
	const challenge = response.headers.get("www-authenticate") ?? undefined;
	const failure =
		status === 200 ? /^event: status\n(?:(?:id|retry): .*\n)*data: (.*)$/m.exec(body)?.[1] : body;
	if (failure === undefined) return { code: "ok", reason: "", challenge, status, text };
	const { code, ...rest } = JSON.parse(failure) as { code: string | number; reason?: string };
	return {
		code: typeof code === "string" ? code : nameOf(code),
		reason: rest.reason ?? /"reason":"([A-Z_]+)"/.exec(body)?.[1] ?? "",
		challenge,
		status,
		text,
	};
}

/** Reads a stream up to the end of its first event or line. */
async function readFirst(response: Response): Promise<string> {
	const end = response.headers.get("content-type")?.includes("ndjson") ? "\n" : "\n\n";
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	for (let text = ""; ; ) {
		const chunk = await reader?.read();
		text += chunk?.value ?? "";
		if (
			chunk?.done !== false ||
			(text.includes(end) && text.includes("data: ") === (end === "\n\n"))
		) {
			return text;
		}
	}
}

async function ofTransport(
	transport: ReturnType<typeof createGrpcTransport>,
	headers: Fields,
): Promise<FormAnswer> {
	const told: string[] = [];
	const note = (headers: Headers) => void told.push(JSON.stringify([...headers]));
	try {
		const client = createClient(WukongService, transport);
		await client.listWukongs({}, { headers, onHeader: note, onTrailer: note });
		const text = told.join("\n");
		return { code: "ok", reason: "", challenge: undefined, status: undefined, text };
	} catch (thrown) {
		const error = ConnectError.from(thrown);
		told.push(JSON.stringify([...error.metadata]), error.message);
		return {
			code: nameOf(error.code),
			reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? "",
			challenge: error.metadata.get("www-authenticate") ?? undefined,
			status: undefined,
			text: told.join("\n"),
		};
	}
}

/** A handshake that is refused is an answer, too. */
async function ofWebSocket(url: string, fields: Fields): Promise<FormAnswer> {
	const { port } = new URL(url);
	const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
	let socket: Awaited<ReturnType<typeof openRawWebSocket>>;
	try {
		socket = await openRawWebSocket(Number(port), "/api/v1/ws", ...lines);
	} catch {
		return ofRefusedHandshake(Number(port), lines);
	}
	await socket.send({ type: "subscribe", id: "1", query: {} });
	const said = await socket.expectSaid(({ id }) => id === "1");
	await socket.close();
	const text = socket.head + JSON.stringify(socket.said());
	const answer = { challenge: undefined, status: undefined, text };
	if (said.type !== "status") return { code: "ok", reason: "", ...answer };
	const { code, reason } = said.status as { code: number; reason: string };
	return { code: nameOf(code), reason, ...answer };
}

async function ofRefusedHandshake(port: number, lines: readonly string[]): Promise<FormAnswer> {
	const raw = await openRaw(port);
	await raw.send(createHandshake("/api/v1/ws", ...lines));
	await until("the refusal arrives", () => raw.received().includes("\r\n\r\n{"));
	raw.socket.destroy();
	const text = raw.received();
	return {
		code: /"code":"([a-z_]+)"/.exec(text)?.[1] ?? "",
		reason: /"reason":"([A-Z_]+)"/.exec(text)?.[1] ?? "",
		challenge: /^www-authenticate: (.*)\r$/im.exec(text)?.[1],
		status: Number(text.slice(9, 12)),
		text,
	};
}

function nameOf(code: number): string {
	return (Code[code] ?? "").replaceAll(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase();
}
