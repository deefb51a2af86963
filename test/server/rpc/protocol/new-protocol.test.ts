import { create } from "@bufbuild/protobuf";
import { WukongEventSchema } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { callContextKey } from "../../../../server/src/rpc/call/call-context.ts";
import { createFraming } from "../../../../server/src/rpc/codec/codec.ts";
import { bareBody } from "../../../../server/src/rpc/protocol/envelope.ts";
import {
	bodyBindings,
	type CallProtocol,
	type Protocol,
	type Response,
} from "../../../../server/src/rpc/protocol/protocol.ts";
import { defaultProtocols } from "../../../../server/src/rpc/protocol/protocols.ts";
import { connectTimeout } from "../../../../server/src/rpc/protocol/timeout.ts";
import { openPort, pathOf } from "../../../support/port-fixture.ts";

const type = "application/x-ndjson";
const lineOf = (value: unknown) => Buffer.from(`${JSON.stringify(value)}\n`);

/** Newline-delimited JSON for unary calls and streams: a GET binds its query to the message. */
function createNdjson(): Protocol {
	const common: CallProtocol = {
		contentTypes: { [type]: "json" },
		acceptPost: [type],
		allowsGet: true,
		hasTrailers: false,
		hasConnectHandler: false,
		timeout: connectTimeout,
		encodingHeader: "content-encoding",
		acceptEncodingHeader: "accept-encoding",
		body: bareBody,
		bind({ exchange, query }, codec) {
			if (codec !== undefined) return bodyBindings[codec];
			if (!exchange.rawHeaders.includes(type)) return undefined;
			const fields = Object.fromEntries(new URLSearchParams(query));
			return {
				codec: "json",
				message: Buffer.alloc(0),
				decode: (_bytes, schema) => ({ message: create(schema, fields) }),
			};
		},
		contentType: () => type,
		failure: (_codec, error): Response => ({
			status: 200,
			headers: ["content-type", type],
			body: lineOf({ error: error.rawMessage }),
		}),
	};
	return {
		name: "ndjson",
		unary: {
			...common,
			success: (_codec, { bytes }) => ({
				status: 200,
				headers: ["content-type", type],
				body: Buffer.concat([bytes, Buffer.from("\n")]),
			}),
		},
		stream: {
			...common,
			framing: createFraming("lines", (encoded) =>
				Buffer.concat(encoded.flatMap((bytes) => [bytes, Buffer.from("\n")])),
			),
			end: (error) => ({ body: error && lineOf({ error: error.rawMessage }) }),
		},
	};
}

describe("a protocol that is registered and nothing else", () => {
	async function open() {
		const names: unknown[] = [];
		const { url, seen } = await openPort({
			protocols: [createNdjson(), ...defaultProtocols],
			cacheableTypes: [WukongEventSchema],
			implementation: {
				getWukong({ name }, { values }) {
					names.push(values.get(callContextKey)?.protocol);
					return { wukong: { name } };
				},
				async *watchWukong({ name }) {
					for (const phase of ["first", "second"]) yield { wukong: { name, status: { phase } } };
					throw new Error("not for callers");
				},
			},
		});
		const post = (method: string, contentType: string, body: string) =>
			fetch(url + pathOf(method), {
				method: "POST",
				headers: { "content-type": contentType },
				body,
			});
		return { url, seen, names, post };
	}

	test("serves unary calls, and has its name in the call context", async () => {
		const { post, names } = await open();
		const response = await post("GetWukong", type, '{"name":"a"}');
		expect(response.headers.get("content-type")).toBe(type);
		expect(await response.text()).toBe('{"wukong":{"name":"a"}}\n');
		expect(names).toEqual(["ndjson"]);
	});

	test("frames streams and writes their end", async () => {
		const { post, seen } = await open();
		const lines = (await (await post("WatchWukong", type, '{"name":"a"}')).text()).split("\n");
		expect(lines.slice(0, 2).map((line) => JSON.parse(line).wukong)).toEqual([
			{ name: "a", status: { phase: "first" } },
			{ name: "a", status: { phase: "second" } },
		]);
		expect(JSON.parse(lines[2] as string).error).toContain("internal fault");
		expect(seen.unexpected.splice(0)).toHaveLength(1);
	});

	test("writes refusals in its own way, before a route and behind one", async () => {
		const { post } = await open();
		const malformed = await post("GetWukong", type, "{");
		expect(await malformed.text()).toMatch(/^\{"error":"the request .*"\}\n$/);
		const unknown = await post("NoSuchMethod", type, "{}");
		expect(await unknown.text()).toMatch(/^\{"error":"no such procedure/);
	});

	test("binds a request without a body, and leaves other GETs to Connect", async () => {
		const { url } = await open();
		const target = `${url}${pathOf("GetWukong")}`;
		const own = await fetch(`${target}?name=b`, { headers: { "content-type": type } });
		expect(await own.text()).toBe('{"wukong":{"name":"b"}}\n');
		const connect = await fetch(`${target}?encoding=json&message=%7B%22name%22%3A%22c%22%7D`);
		expect(await connect.json()).toEqual({ wukong: { name: "c" } });
	});

	test("is announced (Accept-Post), and the others stay as they are", async () => {
		const { post } = await open();
		const refused = await post("GetWukong", "text/plain", "{}");
		expect(refused.headers.get("accept-post")).toMatch(/^application\/x-ndjson, application\/json/);
		const json = await post("GetWukong", "application/json", '{"name":"d"}');
		expect(await json.json()).toEqual({ wukong: { name: "d" } });
	});
});

test("without one for requests that name no content type there is no port", async () => {
	await expect(openPort({ protocols: [createNdjson()] })).rejects.toThrow(RangeError);
});
