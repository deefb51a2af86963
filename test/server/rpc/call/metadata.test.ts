import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { openPort } from "../../../support/port-fixture.ts";

/** Names that belong to a connection, or to the way in which a protocol lays a message out. */
const foreign = {
	connection: "keep-alive",
	"content-encoding": "br",
	"content-length": "1",
	"content-type": "text/html",
	"keep-alive": "timeout=5",
	te: "gzip",
	"transfer-encoding": "chunked",
	upgrade: "h2c",
};

const transports = {
	"Connect over HTTP/1.1": (baseUrl: string) =>
		createConnectTransport({ baseUrl, httpVersion: "1.1" }),
	"Connect over HTTP/2": (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2" }),
	gRPC: (baseUrl: string) => createGrpcTransport({ baseUrl }),
};

function setForeign({ responseHeader, responseTrailer }: HandlerContext): void {
	for (const [name, value] of Object.entries(foreign)) {
		responseHeader.set(name, value);
		responseTrailer.set(name, value);
	}
	responseHeader.set("x-own", "yes");
}

describe.each(Object.entries(transports))("%s: names that are not metadata", (_name, transport) => {
	test("are left out of answers", async () => {
		const { url } = await openPort({
			implementation: {
				getWukong(_request, context) {
					setForeign(context);
					return { wukong: { name: "a" } };
				},
				async *watchWukong(_request, context) {
					setForeign(context);
					yield { resourceVersion: "1" };
				},
			},
		});
		const client = createClient(WukongService, transport(url));
		let own: string | null = null;
		const onHeader = (headers: Headers) => {
			own = headers.get("x-own");
		};
		expect((await client.getWukong({}, { onHeader })).wukong?.name).toBe("a");
		expect(own).toBe("yes");
		const versions: string[] = [];
		for await (const { resourceVersion } of client.watchWukong({})) versions.push(resourceVersion);
		expect(versions).toEqual(["1"]);
	});

	test("are left out of failures, also where an error brings them", async () => {
		const { url } = await openPort({
			implementation: {
				getWukong(_request, context) {
					setForeign(context);
					throw new ConnectError("no", Code.NotFound, foreign);
				},
			},
		});
		const client = createClient(WukongService, transport(url));
		await expect(client.getWukong({})).rejects.toMatchObject({ code: Code.NotFound });
	});
});
