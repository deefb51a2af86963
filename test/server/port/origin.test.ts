import { describe, expect, test } from "vitest";
import type { PeerCertificate } from "../../../server/src/caller.ts";
import type { Exchange } from "../../../server/src/http/exchange.ts";
import { checkOrigin } from "../../../server/src/port/origin.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";

const listed = "https://console.example.org";
const get = `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`;

interface Sent {
	readonly method: string;
	readonly path: string;
	readonly fields: Readonly<Record<string, string>>;
}

/** fetch() does not let a test set Origin or Host. */
async function answerTo(port: number, { method, path, fields }: Sent): Promise<string> {
	const client = await openRaw(port);
	const body = method === "POST" ? "{}" : "";
	const lines = Object.entries({
		host: `localhost:${port}`,
		...fields,
		"content-length": body.length,
	});
	const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	await client.send(`${method} ${path} HTTP/1.1\r\n${head}connection: close\r\n\r\n${body}`);
	await client.expectClosed();
	return client.received();
}

const post = (fields: Readonly<Record<string, string>>): Sent => ({
	method: "POST",
	path: pathOf("GetWukong"),
	fields: { "content-type": "application/json", ...fields },
});
const preflight = (origin: string): Sent => ({
	method: "OPTIONS",
	path: pathOf("GetWukong"),
	fields: { origin, "access-control-request-method": "POST" },
});

describe("a listed origin", () => {
	test("gets a preflight's answer with connect's lists, and never a wildcard or credentials", async () => {
		const { portNumber } = await openPort({ allowedOrigins: [listed] });
		const answer = await answerTo(portNumber, preflight(listed));
		expect(answer).toContain("HTTP/1.1 204");
		expect(answer).toContain(`access-control-allow-origin: ${listed}\r\n`);
		expect(answer).toMatch(/access-control-allow-headers: .*Connect-Protocol-Version/i);
		expect(answer).toContain("access-control-max-age: 7200");
		expect(answer).toContain("vary: Origin");
		expect(answer).not.toMatch(/allow-credentials|: \*/);
	});

	test.each(["Traceparent", "Tracestate", "Baggage"])(
		"may send %s, as OpenTelemetry's instrumentation of a page does (W3C Trace Context, Baggage)",
		async (name) => {
			const { portNumber } = await openPort({ allowedOrigins: [listed] });
			const answer = await answerTo(portNumber, preflight(listed));
			expect(answer).toMatch(new RegExp(`access-control-allow-headers: .*\\b${name}\\b`));
		},
	);

	test("may change and repeat by REST: methods, preconditions and what they are answered with", async () => {
		const { portNumber } = await openPort({ allowedOrigins: [listed] });
		const answer = await answerTo(portNumber, preflight(listed));
		for (const method of ["PUT", "PATCH", "DELETE"]) {
			expect(answer).toMatch(new RegExp(`access-control-allow-methods: .*\\b${method}\\b`));
		}
		for (const name of ["If-Match", "If-None-Match", "Last-Event-ID", "X-Api-Key"]) {
			expect(answer).toMatch(new RegExp(`access-control-allow-headers: .*\\b${name}\\b`));
		}
		const read = await answerTo(portNumber, post({ origin: listed }));
		for (const name of ["ETag", "Location", "Retry-After", "WWW-Authenticate"]) {
			expect(read).toMatch(new RegExp(`access-control-expose-headers: .*\\b${name}\\b`));
		}
	});

	test("may send the header fields that the port is told besides", async () => {
		const allowedHeaders = ["X-Tenant", "x-b3-traceid"];
		const { portNumber } = await openPort({ allowedOrigins: [listed], allowedHeaders });
		const answer = await answerTo(portNumber, preflight(listed));
		expect(answer).toMatch(/access-control-allow-headers: .*, X-Tenant, x-b3-traceid\r\n/);
	});

	test("may call and read the answer", async () => {
		const { portNumber } = await openPort({ allowedOrigins: [listed] });
		const answer = await answerTo(portNumber, post({ origin: listed }));
		expect(answer).toContain("HTTP/1.1 200");
		expect(answer).toContain(`access-control-allow-origin: ${listed}\r\n`);
		expect(answer).toMatch(/access-control-expose-headers: .*grpc-status.*x-request-id/i);
	});
});

describe("an origin that is not listed", () => {
	test.each(["https://evil.example", "null", "https://console.example.org.evil.example", "x"])(
		"%s: a POST is refused",
		async (origin) => {
			const { portNumber, seen } = await openPort({ allowedOrigins: [listed] });
			const answer = await answerTo(portNumber, post({ origin }));
			expect(answer).toContain("HTTP/1.1 403");
			expect(answer).toContain("permission_denied");
			expect(answer).not.toContain("access-control-allow-origin");
			expect(seen.begun).toBe(0);
		},
	);

	test("gets no CORS headers for a GET and for a preflight", async () => {
		const { portNumber } = await openPort({ allowedOrigins: [listed] });
		const fields = { origin: "https://evil.example" };
		const read = await answerTo(portNumber, { method: "GET", path: get, fields });
		expect(read).toContain("HTTP/1.1 200");
		const asked = await answerTo(portNumber, preflight("https://evil.example"));
		for (const answer of [read, asked]) {
			expect(answer).not.toContain("access-control-allow");
			expect(answer).toMatch(/vary: .*Origin/);
		}
	});
});

test("the service's own origin and no origin pass, another port of the host does not", async () => {
	const { portNumber } = await openPort();
	const own = await answerTo(portNumber, post({ origin: `http://localhost:${portNumber}` }));
	expect(own).toContain("HTTP/1.1 200");
	expect(await answerTo(portNumber, post({}))).toContain("HTTP/1.1 200");
	expect(await answerTo(portNumber, post({ origin: "http://localhost:1" }))).toContain(" 403 ");
});

describe("a request that says no Origin, by a client certificate (W3C Fetch Metadata, 2.4)", () => {
	const certificate = {} as PeerCertificate;
	const kindOf = (
		method: string,
		site: string | undefined,
		shown: PeerCertificate | undefined,
		...fields: readonly string[]
	) => {
		const exchange = {
			method,
			rawHeaders: site === undefined ? fields : ["sec-fetch-site", site, ...fields],
			connection: { peer: { certificate: shown } },
		} as unknown as Exchange;
		const rule = { allowedOrigins: [listed], allowedHeaders: [] };
		return checkOrigin(exchange, { host: "localhost", port: undefined }, rule).kind;
	};

	test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])(
		"is refused %s from a page of another site",
		(method) => {
			for (const site of ["cross-site", "same-site", "new-word"]) {
				expect(kindOf(method, site, certificate)).toBe("refuse");
				expect(kindOf(method, site, undefined)).toBe("pass");
			}
			for (const site of [undefined, "same-origin", "none"]) {
				expect(kindOf(method, site, certificate)).toBe("pass");
			}
		},
	);

	const navigate = ["sec-fetch-mode", "navigate", "sec-fetch-dest"] as const;

	test("may follow a link, and ask beforehand", () => {
		expect(kindOf("GET", "cross-site", certificate, ...navigate, "document")).toBe("pass");
		expect(kindOf("OPTIONS", "cross-site", certificate)).toBe("pass");
	});

	test("may not be a frame, an image, a stream, or a form that is sent", () => {
		for (const dest of ["iframe", "frame", "embed", "object"]) {
			expect(kindOf("GET", "cross-site", certificate, ...navigate, dest)).toBe("refuse");
		}
		for (const mode of ["no-cors", "cors", "websocket"]) {
			const fields = ["sec-fetch-mode", mode, "sec-fetch-dest", "document"];
			expect(kindOf("GET", "cross-site", certificate, ...fields)).toBe("refuse");
		}
		expect(kindOf("POST", "cross-site", certificate, ...navigate, "document")).toBe("refuse");
	});
});
