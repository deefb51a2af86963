import type { Transport } from "@connectrpc/connect";
import {
	createConnectTransport,
	createGrpcTransport,
	createGrpcWebTransport,
	Http2SessionManager,
} from "@connectrpc/connect-node";
import { createConnectTransport as createWebConnectTransport } from "@connectrpc/connect-web";
import { credentials } from "@grpc/grpc-js";
import { createGrpcJsWireClient } from "./grpc-js-wire-client.ts";
import { createPlainWireClient } from "./plain-wire-client.ts";
import { createRestWireClient } from "./rest-wire-client.ts";
import { createWebSocketWireClient } from "./websocket-wire-client.ts";
import { createConnectWireClient, type WireClient } from "./wire-client.ts";

/** Where a wire's server is. */
export interface WireServer {
	/** `http://…` or `https://…`. */
	readonly url: string;
	/** Certificate to trust, PEM; undefined on cleartext. */
	readonly certificate: string | undefined;
}

/** A protocol as a client library speaks it, on an HTTP version. */
export interface Wire {
	readonly name: string;
	readonly tls: boolean;
	/** Calls of the scenario that it has no words for, by their titles. */
	readonly lacks?: readonly string[];
	/** Its streams are wires of their own. */
	readonly isUnaryOnly?: boolean;
	connect(server: WireServer): WireClient;
}

type Http = "HTTP/1.1" | "h2c" | "TLS/h2" | "TLS/HTTP/1.1";
type NodeOptions = {
	baseUrl: string;
	httpVersion: "1.1" | "2";
	nodeOptions: { ca?: string };
	sessionManager?: Http2SessionManager;
};

/** A connect-node transport with connections of its own, closed with the client. */
function nodeWire(protocol: string, http: Http, make: (options: NodeOptions) => Transport): Wire {
	return {
		name: `${protocol}, ${http}`,
		tls: http.startsWith("TLS"),
		connect({ url, certificate }) {
			const nodeOptions = certificate === undefined ? {} : { ca: certificate };
			if (http.endsWith("HTTP/1.1")) {
				const transport = make({ baseUrl: url, httpVersion: "1.1", nodeOptions });
				return createConnectWireClient(transport);
			}
			const sessionManager = new Http2SessionManager(url, {}, nodeOptions);
			const options = { baseUrl: url, httpVersion: "2", nodeOptions, sessionManager } as const;
			return createConnectWireClient(make(options), () => sessionManager.abort());
		},
	};
}

/** Streams in plain HTTP; other calls go by Connect. */
function plainWire(form: "sse" | "ndjson", http: Http): Wire {
	const calls = nodeWire("Connect JSON", http, (options) =>
		createConnectTransport({ ...options, useBinaryFormat: false }),
	);
	return {
		name: `${form === "sse" ? "SSE" : "NDJSON"}, ${http}`,
		tls: calls.tls,
		connect: (server) =>
			createPlainWireClient({
				...{ server, form, calls: calls.connect(server) },
				httpVersion: http.endsWith("HTTP/1.1") ? "1.1" : "2",
			}),
	};
}

const everyHttp = ["HTTP/1.1", "h2c", "TLS/h2", "TLS/HTTP/1.1"] as const;
const http2Only = ["h2c", "TLS/h2"] as const;

/** The wire matrix: every protocol on every HTTP version that it has. */
export const wires: readonly Wire[] = [
	{
		name: "Connect JSON by fetch, HTTP/1.1",
		tls: false,
		connect: ({ url }) =>
			createConnectWireClient(createWebConnectTransport({ baseUrl: url, useBinaryFormat: false })),
	},
	...everyHttp.map((http) =>
		nodeWire("Connect JSON", http, (options) =>
			createConnectTransport({ ...options, useBinaryFormat: false }),
		),
	),
	...everyHttp.map((http) =>
		nodeWire("Connect binary", http, (options) =>
			createConnectTransport({ ...options, useBinaryFormat: true }),
		),
	),
	...everyHttp.map((http) =>
		nodeWire("Connect GET", http, (options) =>
			createConnectTransport({ ...options, useBinaryFormat: false, useHttpGet: true }),
		),
	),
	...everyHttp.map((http) =>
		nodeWire("gRPC-Web", http, (options) => createGrpcWebTransport(options)),
	),
	...(["HTTP/1.1", "TLS/h2"] as const).map((http) => plainWire("sse", http)),
	...(["HTTP/1.1", "h2c", "TLS/HTTP/1.1"] as const).map((http) => plainWire("ndjson", http)),
	...http2Only.map((http) =>
		nodeWire("gRPC by connect-node", http, (options) => createGrpcTransport(options)),
	),
	{
		name: "WebSocket, its calls as Connect JSON, HTTP/1.1",
		tls: false,
		connect({ url }) {
			const transport = createWebConnectTransport({ baseUrl: url, useBinaryFormat: false });
			return createWebSocketWireClient(url, createConnectWireClient(transport));
		},
	},
	...everyHttp.map(
		(http): Wire => ({
			name: `REST, ${http}`,
			tls: http.startsWith("TLS"),
			// A path without a name is another path.
			lacks: ["get, no name"],
			isUnaryOnly: true,
			connect: (server) => createRestWireClient(server, !http.endsWith("HTTP/1.1")),
		}),
	),
	{
		name: "gRPC by grpc-js, h2c",
		tls: false,
		connect: ({ url }) => createGrpcJsWireClient(new URL(url).host, credentials.createInsecure()),
	},
	{
		name: "gRPC by grpc-js, TLS/h2",
		tls: true,
		connect: ({ url, certificate }) =>
			createGrpcJsWireClient(
				new URL(url).host,
				credentials.createSsl(Buffer.from(certificate ?? "")),
				// An address is no server name (RFC 6066, section 3).
				{ "grpc.ssl_target_name_override": "localhost" },
			),
	},
];
