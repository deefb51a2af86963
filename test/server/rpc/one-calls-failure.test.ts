import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import {
	createConnectTransport,
	createGrpcTransport,
	createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { silentObserver } from "../../../server/src/port/observer.ts";
import { openPort, type PortSettings } from "../../support/port-fixture.ts";
import { until } from "../../support/until.ts";

const own = { code: Code.FailedPrecondition, words: "of our own" };

interface Context {
	readonly responseHeader: Headers;
	readonly responseTrailer: Headers;
}

/** What goes wrong in calls for the VM "bad", and in no others. */
interface Fault {
	readonly what: string;
	/** In the implementation: before the first message, and before the end. */
	readonly begin?: (context: Context) => void;
	readonly end?: (context: Context) => void;
	/** In place of the message. */
	readonly message?: unknown;
	readonly interceptor?: Interceptor;
}

const bad = "a\x01b";
const throwing =
	(error: unknown): Interceptor =>
	(next) =>
	(request) => {
		if (isBad(request)) throw error;
		return next(request);
	};
const answering =
	(change: (response: object) => unknown): Interceptor =>
	(next) =>
	async (request) => {
		const response = await next(request);
		return isBad(request) ? (change(response) as typeof response) : response;
	};

function isBad({ header }: { readonly header: Headers }): boolean {
	return header.get("x-case") === "bad";
}

function fail(error: unknown): never {
	throw error;
}

const faults: readonly Fault[] = [
	{ what: "a header with a control character", begin: (c) => c.responseHeader.set("x-bad", bad) },
	{
		what: "a header of a megabyte",
		begin: (c) => c.responseHeader.set("x-bad", "x".repeat(2 ** 20)),
	},
	{ what: "a trailer with a control character", end: (c) => c.responseTrailer.set("x-bad", bad) },
	{
		what: "a trailer of a megabyte",
		end: (c) => c.responseTrailer.set("x-bad", "x".repeat(2 ** 20)),
	},
	{
		what: "an error's metadata with a control character",
		begin: () => fail(new ConnectError(own.words, own.code, { "x-bad": bad })),
	},
	{
		what: "an error's metadata with a control character, at the end",
		end: () => fail(new ConnectError(own.words, own.code, { "x-bad": bad })),
	},
	{
		what: "half a surrogate pair in an error's message",
		begin: () => fail(new ConnectError(`${own.words}\ud800`, own.code)),
	},
	{
		what: "half a surrogate pair in an error's message, at the end",
		end: () => fail(new ConnectError(`\udc00${own.words}`, own.code)),
	},
	{
		what: "an error's details that are none",
		begin: () =>
			fail(
				new ConnectError(own.words, own.code, undefined, [
					{ desc: ErrorInfoSchema, value: { reason: 5 as never } },
				]),
			),
	},
	{
		what: "an error's details that are none, at the end",
		end: () =>
			fail(
				new ConnectError(own.words, own.code, undefined, [
					{ desc: ErrorInfoSchema, value: { reason: 5 as never } },
				]),
			),
	},
	{ what: "an implementation that throws", begin: () => fail(new Error("of the inside")) },
	{ what: "an implementation that throws nothing", begin: () => fail(undefined) },
	{ what: "a stream that throws nothing at its end", end: () => fail(undefined) },
	{ what: "a stream that throws null at its end", end: () => fail(null) },
	{ what: "a message that cannot be written", message: { wukong: { name: 5 } } },
	{ what: "no message", message: null },
	{ what: "an interceptor that throws at once", interceptor: throwing(new Error("inside")) },
	{ what: "an interceptor that throws nothing", interceptor: throwing(undefined) },
	{ what: "an interceptor that answers nothing", interceptor: answering(() => undefined) },
	{
		what: "an interceptor that is no promise",
		interceptor: (next) => (request) => (isBad(request) ? (undefined as never) : next(request)),
	},
	{
		what: "an interceptor that answers without headers",
		interceptor: answering((response) => ({ ...response, header: 5, trailer: 5 })),
	},
	{
		what: "an interceptor that answers with another message",
		interceptor: answering((response) => ({ ...response, message: 5 })),
	},
	{
		what: "an interceptor whose headers are a list",
		interceptor: answering((response) => ({ ...response, header: new Map([["x bad", "1"]]) })),
	},
];

function settingsFor(fault: Fault, way: "direct" | "universal"): PortSettings {
	const messageFor = (isBroken: boolean, name: string) =>
		(isBroken && "message" in fault ? fault.message : { wukong: { name } }) as never;
	return {
		way,
		interceptors: fault.interceptor === undefined ? [] : [fault.interceptor],
		implementation: {
			getWukong({ name }, context) {
				const isBroken = isBad({ header: context.requestHeader });
				if (isBroken) {
					fault.begin?.(context);
					fault.end?.(context);
				}
				return messageFor(isBroken, name);
			},
			async *watchWukong({ name }, context) {
				const isBroken = isBad({ header: context.requestHeader });
				if (isBroken) fault.begin?.(context);
				yield messageFor(isBroken, name);
				if (isBroken) fault.end?.(context);
			},
		},
	};
}

type Transport = ReturnType<typeof createConnectTransport>;
const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
	"Connect, HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
	"Connect, HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
	"Connect JSON, HTTP/1.1": (baseUrl) =>
		createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
	"gRPC-Web, HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
	"gRPC-Web, HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
	"gRPC, HTTP/2": (baseUrl) => createGrpcTransport({ baseUrl }),
};

/** undefined: the call succeeded. */
async function failureOf(
	transport: Transport,
	kind: "unary" | "stream",
	name: string,
): Promise<ConnectError | undefined> {
	const client = createClient(WukongService, transport);
	const options = { headers: { "x-case": name }, timeoutMs: 60_000 };
	try {
		if (kind === "unary") await client.getWukong({ name }, options);
		else
			for await (const event of client.watchWukong({ name }, options)) expect(event).toBeDefined();
		return undefined;
	} catch (error) {
		return ConnectError.from(error);
	}
}

for (const way of ["direct", "universal"] as const) {
	for (const kind of ["unary", "stream"] as const) {
		describe(`${way}, ${kind}: a failure is one call's failure`, () => {
			const rows = faults.flatMap((fault) =>
				Object.keys(transports).map((name) => [fault.what, name, fault] as const),
			);
			test.each(rows)("%s over %s", async (_what, name, fault) => {
				const { url, seen } = await openPort(settingsFor(fault, way));
				const transport = transports[name]?.(url) as Transport;
				const failure = await failureOf(transport, kind, "bad");
				const told = seen.unexpected.splice(0);
				expect(failure?.code).not.toBe(Code.DeadlineExceeded);
				const isOwn = failure?.code === own.code && failure.rawMessage.includes(own.words);
				// connect writes messages behind all interceptors, and tells its caller alone.
				const isConnects = way === "universal" && fault.message !== undefined;
				if (failure !== undefined && !isOwn && isConnects !== true) {
					// What the caller gets is not what the implementation said: somebody is told why.
					expect(told.length, failure.message).toBeGreaterThan(0);
					expect(failure.message).not.toContain("inside");
					if (way === "direct") expect(Code[failure.code]).toBe("Internal");
				}
				expect(await failureOf(transport, kind, "good")).toBeUndefined();
				expect(seen.unexpected).toEqual([]);
				await until("each call's end is told", () => seen.ended.length === 2);
			});
		});
	}
}

describe("an observer that throws harms no call", () => {
	const loud = (told: unknown[]) => {
		const observer = { ...silentObserver };
		for (const name of Object.keys(observer) as (keyof typeof observer)[]) {
			observer[name] = (...args: readonly unknown[]) => {
				told.push([name, ...args]);
				throw new Error(name);
			};
		}
		return observer;
	};
	test.each(Object.entries(transports))("%s", async (_name, create) => {
		for (const way of ["direct", "universal"] as const) {
			const told: unknown[] = [];
			const settings = settingsFor({ what: "", begin: () => fail(new Error("inside")) }, way);
			const { url } = await openPort({ ...settings, observer: loud(told) });
			const transport = create(url);
			for (const kind of ["unary", "stream"] as const) {
				expect(await failureOf(transport, kind, "good")).toBeUndefined();
				expect((await failureOf(transport, kind, "bad"))?.code).toBe(Code.Internal);
			}
			const refused = createClient(WukongService, create(`${url}/none`));
			await expect(refused.getWukong({})).rejects.toMatchObject({ code: Code.Unimplemented });
			expect(told.length).toBeGreaterThan(0);
		}
	});
});
