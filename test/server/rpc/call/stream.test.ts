import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import {
	WukongEvent_Type,
	WukongEventSchema,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import type { BatchedStream } from "../../../../server/src/rpc/batched-stream.ts";
import { openPort } from "../../../support/port-fixture.ts";
import { until } from "../../../support/until.ts";

const transports = {
	"Connect, HTTP/1.1": (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
	"gRPC, HTTP/2": (baseUrl: string) => createGrpcTransport({ baseUrl }),
};

/** Says SYNCED, then nothing, and notes how it is closed. */
function quietSlices() {
	const closed: unknown[] = [];
	let said = false;
	const stream: BatchedStream<object> = {
		take() {
			if (closed[0] !== undefined) throw closed[0];
			if (said) return [];
			said = true;
			return [create(WukongEventSchema, { type: WukongEvent_Type.SYNCED })];
		},
		hasMore: true,
		onReady() {},
		close: (reason) => void closed.push(reason),
		[Symbol.asyncIterator]() {
			throw new Error("iterated");
		},
	};
	return { stream, closed };
}

async function openSlices(baseOf: (url: string) => ReturnType<typeof createGrpcTransport>) {
	const { stream, closed } = quietSlices();
	const port = await openPort({ implementation: { watchWukong: () => stream } });
	return { port, closed, client: createClient(WukongService, baseOf(port.url)) };
}

describe.each(Object.entries(transports))(
	"a stream that is taken in slices, %s",
	(_wire, baseOf) => {
		test("is closed with the reason when its reader leaves", async () => {
			const { client, closed } = await openSlices(baseOf);
			const leaver = new AbortController();
			const read = async () => {
				for await (const _ of client.watchWukong({}, { signal: leaver.signal })) leaver.abort();
			};
			await read().catch(() => {});
			await until("it is closed", () => closed.length > 0);
			expect(ConnectError.from(closed[0]).code).toBe(Code.Canceled);
		});

		test("ends at the deadline though it has nothing to say", async () => {
			const types: WukongEvent_Type[] = [];
			// Where the machine is so busy that nothing comes before the deadline, a longer one.
			for (let timeoutMs = 500; types.length === 0; timeoutMs *= 2) {
				const { client, closed } = await openSlices(baseOf);
				// By hand: else the client would say so itself.
				const headers = { "grpc-timeout": `${timeoutMs}m`, "connect-timeout-ms": `${timeoutMs}` };
				const read = async () => {
					for await (const { type } of client.watchWukong({}, { headers })) types.push(type);
				};
				const error = ConnectError.from(await read().catch((reason: unknown) => reason));
				expect(error.code).toBe(Code.DeadlineExceeded);
				await until("it is closed", () => types.length === 0 || closed.length > 0);
				if (types.length > 0) expect(ConnectError.from(closed[0]).code).toBe(Code.DeadlineExceeded);
			}
			expect(types).toEqual([WukongEvent_Type.SYNCED]);
		});
	},
);

test("a stream that an interceptor has lost is closed all the same", async () => {
	const { stream, closed } = quietSlices();
	const lose: Interceptor = (next) => async (request) => {
		await next(request);
		throw new ConnectError("lost", Code.Aborted);
	};
	const port = await openPort({
		interceptors: [lose],
		implementation: { watchWukong: () => stream },
	});
	const client = createClient(WukongService, transports["gRPC, HTTP/2"](port.url));
	const first = client.watchWukong({})[Symbol.asyncIterator]().next();
	await expect(first).rejects.toMatchObject({ code: Code.Aborted });
	expect(closed.length).toBeGreaterThan(0);
});

test("a request that an interceptor has copied still has its signal", async () => {
	const copy: Interceptor = (next) => (request) => next({ ...request });
	const port = await openPort({
		interceptors: [copy, copy],
		implementation: {
			getWukong: (_, { signal }) => ({ wukong: { name: signal.constructor.name } }),
			watchWukong: (_, { signal }) => {
				const { stream } = quietSlices();
				signal.throwIfAborted();
				return stream;
			},
		},
	});
	const client = createClient(WukongService, transports["gRPC, HTTP/2"](port.url));
	expect((await client.getWukong({ name: "a" })).wukong?.name).toBe("AbortSignal");
	for await (const { type } of client.watchWukong({})) {
		expect(type).toBe(WukongEvent_Type.SYNCED);
		break;
	}
});
