import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { createWukongClient, isFailedPrecondition } from "../../web-client/src/index.ts";
import { startApp } from "../support/running-app.ts";
import { type Breakage, startBrokenService } from "./broken-service.ts";
import { endsOf, expected, tellRead, told } from "./told-apart.ts";

const breakages = Object.keys(expected) as Breakage[];

describe("over fetch in Node", () => {
	test.each(breakages)("a way that %s is told by code and cause", async (breakage) => {
		await using service = await startBrokenService(breakage);
		const client = createWukongClient({ baseUrl: service.url });
		const ends = await endsOf(client, () => tellRead(service.url));
		expect(ends).toMatchObject(expected[breakage]);
	});
});

describe("over connect-node", () => {
	test.each(["nobody listens", "closes before an answer", "resets before an answer"] as const)(
		"over gRPC a way that %s may be tried again, and the caller did not cancel",
		async (breakage) => {
			await using service = await startBrokenService(breakage);
			const transport = createGrpcTransport({ baseUrl: service.url });
			const ends = await endsOf(createWukongClient({ transport }));
			for (const end of [ends.stream, ends.unary]) {
				expect(end).toMatch(/^(?:isNetworkError|isCut) isUnavailable isRetryable$/);
			}
		},
	);

	test("over Connect an answer that is cut inside an envelope is a cut", async () => {
		await using service = await startBrokenService("ends inside an envelope");
		const transport = createConnectTransport({
			baseUrl: service.url,
			httpVersion: "1.1",
			useBinaryFormat: false,
		});
		const { stream } = await endsOf(createWukongClient({ transport }));
		expect(stream).toBe("isCut isUnavailable isRetryable");
	});

	test("a gRPC stream whose connection is lost in it is a cut", async () => {
		await using app = await startApp();
		const { port } = new URL(app.url);
		const carried: Socket[] = [];
		const proxy = createServer((client) => {
			carried.push(client);
			const upstream = createConnection(Number(port), "127.0.0.1");
			client.pipe(upstream).on("error", () => {});
			upstream.pipe(client).on("error", () => {});
			client.on("close", () => upstream.destroy());
		});
		await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
		const transport = createGrpcTransport({
			baseUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
		});
		const seen: unknown[] = [];
		const watching = async () => {
			for await (const event of createWukongClient({ transport }).rpc.watchWukong({})) {
				seen.push(event);
				for (const socket of carried) socket.resetAndDestroy();
			}
		};
		const end = await watching().then(() => "ended", told);
		expect(seen.length).toBeGreaterThan(0);
		expect(end).toBe("isCut isUnavailable isRetryable");
		await new Promise((resolve) => proxy.close(resolve));
	});
});

describe("what the service itself says", () => {
	test("the limit on streams is a limit, and may be tried again (reason TOO_MANY_REQUESTS)", async () => {
		await using app = await startApp("--max-watch-streams", "1");
		const client = createWukongClient({ baseUrl: app.url });
		const first = client.rpc.watchWukong({})[Symbol.asyncIterator]();
		await first.next();
		const second = client.rpc.watchWukong({})[Symbol.asyncIterator]();
		await expect(second.next().catch(told)).resolves.toBe("isLimited isRetryable");
		await first.return?.();
	});

	test("a wrong request is invalid, and is not tried again", async () => {
		await using app = await startApp();
		const client = createWukongClient({ baseUrl: app.url });
		expect(await client.rpc.getWukong({ name: "NO" }).catch(told)).toBe("isInvalid");
	});
});

test("a client without a baseUrl outside a page says that it needs one, and not that the network is away", async () => {
	const error = await createWukongClient()
		.rpc.getWukong({ name: "vm-0" })
		.catch((reason) => reason);
	expect(told(error)).toBe("isFailedPrecondition");
	expect(isFailedPrecondition(error)).toBe(true);
	expect(String(error)).toContain("baseUrl");
});
