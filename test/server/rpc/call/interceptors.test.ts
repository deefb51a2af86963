import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { openPort, type PortSettings } from "../../../support/port-fixture.ts";

async function openClient(settings: PortSettings) {
	const { url } = await openPort(settings);
	return createClient(WukongService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
}

describe("an interceptor that throws before it gives a promise", () => {
	const interceptors = [
		() => () => {
			throw new ConnectError("not today", Code.PermissionDenied);
		},
	];

	test("fails a unary call", async () => {
		const client = await openClient({ interceptors });
		await expect(client.getWukong({})).rejects.toMatchObject({ code: Code.PermissionDenied });
	});

	test("fails a stream", async () => {
		const client = await openClient({ interceptors });
		const events = client.watchWukong({})[Symbol.asyncIterator]();
		await expect(events.next()).rejects.toMatchObject({ code: Code.PermissionDenied });
	});
});

test("what an implementation promises in a way of its own is waited for", async () => {
	const own = {
		// biome-ignore lint/suspicious/noThenProperty: that is what a promise of another library is
		then: (done: (response: object) => void) => done({ wukong: { name: "later" } }),
	};
	const client = await openClient({ implementation: { getWukong: () => own as never } });
	expect((await client.getWukong({})).wukong?.name).toBe("later");
});
