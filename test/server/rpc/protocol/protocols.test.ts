import { describe, expect, test } from "vitest";
import type { Exchange } from "../../../../server/src/http/exchange.ts";
import { createProtocols } from "../../../../server/src/rpc/protocol/protocols.ts";
import { openPort, pathOf } from "../../../support/port-fixture.ts";

const protocols = createProtocols();
const { readContentType } = protocols;

describe("a media type is read as RFC 9110, 5.6.6 and 8.3.1 have it", () => {
	const spellings = [
		"",
		"; charset=utf-8",
		";charset=UTF-8",
		'; charset="utf-8"',
		'; charset="\\ut\\f-8"',
		" ; charset=utf-8",
		";  charset=utf-8",
		";\tcharset=utf-8",
		";",
		" ;\t; ",
		";;charset=utf-8;",
		"; CharSet=Utf-8",
		"; x=y",
		'; x="a;b, c\\"d"; charset=utf-8',
	];
	const types = [
		["application/json", "connect", "json"],
		["application/proto", "connect", "binary"],
		["application/connect+json", "connect-stream", "json"],
		["application/connect+proto", "connect-stream", "binary"],
		["application/grpc", "grpc", "binary"],
		["application/grpc+proto", "grpc", "binary"],
		["application/grpc+json", "grpc", "json"],
		["application/grpc-web", "grpc-web", "binary"],
		["application/grpc-web+proto", "grpc-web", "binary"],
		["application/grpc-web+json", "grpc-web", "json"],
		["application/grpc-web-text", "grpc-web-text", "binary"],
		["application/grpc-web-text+proto", "grpc-web-text", "binary"],
	] as const;

	test.each(types)("%s, with every spelling of parameters", (essence, protocol, codec) => {
		for (const spelling of spellings) {
			for (const name of [essence, essence.toUpperCase(), ` ${essence}`]) {
				expect(readContentType(name + spelling), name + spelling).toMatchObject({
					name: protocol.replace("-stream", ""),
					codec,
					...(protocol === "connect" && { stream: undefined }),
					...(protocol === "connect-stream" && { unary: undefined }),
				});
			}
		}
	});

	test.each([
		"application/json; charset",
		"application/json; charset=",
		"application/json; charset =utf-8",
		"application/json; charset= utf-8",
		'application/json; charset="utf-8',
		'application/json; charset="utf-8"x',
		"application/json charset=utf-8",
		"application/json, application/json",
		"application/json; charset=utf-8; charset=utf-8",
		"application/json; x=1; X=2",
		"application/json; x=\x01",
		"application /json",
		"application/",
		"json",
		";",
	])("%j is malformed", (text) => {
		expect(readContentType(text)).toBe("malformed");
	});

	test.each(["application/jsonp", "application/grpcfoo", "text/plain", "application/connect"])(
		"%s is unknown",
		(text) => expect(readContentType(text)).toBe("unknown"),
	);

	test("JSON is UTF-8 (RFC 8259, 8.1): another charset is refused, never guessed", () => {
		for (const essence of ["application/json", "application/grpc+json"]) {
			expect(readContentType(`${essence}; charset=latin1`)).toBe("charset");
			expect(readContentType(`${essence}; charset=""`)).toBe("charset");
		}
		expect(readContentType("application/proto; charset=latin1")).toMatchObject({ codec: "binary" });
	});

	test("no type, or an empty one, is JSON", () => {
		for (const text of ["", " ", "\t"]) {
			expect(readContentType(text)).toMatchObject({ name: "connect", codec: "json" });
			expect(readContentType(text)).toMatchObject({ stream: undefined });
		}
	});

	test("a long one is read in one go", () => {
		const long = `application/json${"; ".repeat(100_000)}x`;
		expect(readContentType(long)).toBe("malformed");
		expect(readContentType(`application/json; x="${"\\".repeat(100_001)}`)).toBe("malformed");
	});

	test("what is refused is told in the caller's family of protocols", () => {
		const protocolOf = (text: string) => {
			const exchange = {
				method: "POST",
				rawHeaders: ["content-type", text],
				connection: { httpVersion: "2.0" },
			} as unknown as Exchange;
			const { protocol } = protocols.findRefusalForm(exchange);
			return protocols.all.find(({ stream }) => stream === protocol)?.name;
		};
		expect(protocolOf("application/grpc+thrift")).toBe("grpc");
		expect(protocolOf("application/grpc;x")).toBe("grpc");
		expect(protocolOf("Application/gRPC-Web+xml")).toBe("grpc-web");
		expect(protocolOf("application/grpc-web-text+thrift")).toBe("grpc-web-text");
		expect(protocolOf("application/grpcfoo")).toBeUndefined();
		expect(protocolOf("application/grpc-webby")).toBeUndefined();
	});
});

describe("a port takes every spelling, by either way", () => {
	const envelope = (json: string) =>
		Buffer.concat([Buffer.from([0, 0, 0, 0, json.length]), Buffer.from(json)]);
	const rows = [
		["GetWukong", 'application/json; charset="utf-8"', '{"name":"a"}'],
		["GetWukong", "Application/JSON ;", '{"name":"a"}'],
		["GetWukong", "application/proto; form=json", Buffer.from("\x12\x01a")],
		["WatchWukong", 'application/connect+json; charset="utf-8"', envelope('{"name":"a"}')],
		["GetWukong", "application/grpc-web+json ; x=y", envelope('{"name":"a"}')],
		["GetWukong", "application/grpc-web+proto;x=y", envelope("\x12\x01a")],
	] as const;
	for (const way of ["direct", "universal"] as const) {
		test.each(rows)(`${way}: %s by %s`, async (name, type, body) => {
			const { url } = await openPort({
				way,
				implementation: {
					getWukong: ({ name }) => ({ wukong: { name } }),
					async *watchWukong({ name }) {
						yield { wukong: { name } };
					},
				},
			});
			const headers = { "content-type": type };
			const response = await fetch(url + pathOf(name), { method: "POST", headers, body });
			const text = await response.text();
			expect([response.status, response.headers.get("grpc-status")]).toEqual([200, null]);
			expect(text).toContain("a");
			expect(text).not.toMatch(/grpc-status: [1-9]|error/);
		});
	}

	test("another charset is 415, and the answer says so", async () => {
		const { url } = await openPort();
		const response = await fetch(url + pathOf("GetWukong"), {
			method: "POST",
			headers: { "content-type": "application/json; charset=iso-8859-1" },
			body: "{}",
		});
		expect(response.status).toBe(415);
		expect(await response.json()).toMatchObject({
			message: expect.stringContaining("charset utf-8"),
		});
	});
});
