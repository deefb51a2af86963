import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { openPort, type PortUnderTest, pathOf, quietWatch } from "../../../support/port-fixture.ts";
import { until } from "../../../support/until.ts";

test("an implementation that hears nothing is left behind at the deadline", async () => {
	const wake = Promise.withResolvers<object>();
	const { url } = await openPort({ implementation: { getWukong: () => wake.promise } });
	const headers = { "content-type": "application/json", "connect-timeout-ms": "50" };
	const init = { method: "POST", headers, body: "{}" };
	expect((await fetch(url + pathOf("GetWukong"), init)).status).toBe(504);
	wake.resolve({});
});

test.each([
	["Connect", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
	["gRPC", (baseUrl: string) => createGrpcTransport({ baseUrl })],
])("a stream ends at its deadline and frees its handler: %s", async (_name, create) => {
	const holder: { port?: PortUnderTest } = {};
	const watchWukong = quietWatch(() => (holder.port as PortUnderTest).seen);
	const port = await openPort({ implementation: { watchWukong } });
	holder.port = port;
	const client = createClient(WukongService, create(port.url));
	const read = async () => {
		for await (const _ of client.watchWukong({}, { timeoutMs: 100 }));
	};
	await expect(read()).rejects.toMatchObject({ code: Code.DeadlineExceeded });
	await until("the handler is free", () => port.seen.live === 0);
});

test("a stream that hears nothing is left behind at its deadline", async () => {
	const wake = Promise.withResolvers<void>();
	const { url } = await openPort({
		implementation: {
			async *watchWukong() {
				yield {};
				await wake.promise;
			},
		},
	});
	const body = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from("{}")]);
	const headers = { "content-type": "application/connect+json", "connect-timeout-ms": "50" };
	const response = await fetch(url + pathOf("WatchWukong"), { method: "POST", headers, body });
	expect(await response.text()).toContain("deadline_exceeded");
	wake.resolve();
});
