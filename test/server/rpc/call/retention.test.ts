import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongEventSchema, WukongService } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import type { BatchedStream } from "../../../../server/src/rpc/batched-stream.ts";
import { openPort } from "../../../support/port-fixture.ts";
import { until } from "../../../support/until.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Says one thing, then nothing. */
function quietSlices(): BatchedStream<object> {
	let left = [create(WukongEventSchema)];
	return {
		take() {
			const taken = left;
			left = [];
			return taken;
		},
		hasMore: true,
		onReady() {},
		close() {},
		[Symbol.asyncIterator]() {
			throw new Error("iterated");
		},
	};
}

test.each([
	[
		"Connect, HTTP/1.1",
		(url: string) => createConnectTransport({ baseUrl: url, httpVersion: "1.1" }),
	],
	["gRPC, HTTP/2", (url: string) => createGrpcTransport({ baseUrl: url })],
])("a stream under way keeps nothing of its request, %s", async (_wire, transport) => {
	const kept = new Map<string, WeakRef<object>>();
	const port = await openPort({
		implementation: {
			watchWukong(request, context) {
				for (const [name, object] of Object.entries({
					request,
					context,
					header: context.requestHeader,
					values: context.values,
				})) {
					kept.set(name, new WeakRef(object));
				}
				return quietSlices();
			},
		},
	});
	const leaver = new AbortController();
	const stream = createClient(WukongService, transport(port.url))
		.watchWukong({}, { signal: leaver.signal })
		[Symbol.asyncIterator]();
	await stream.next();
	expect(kept.size).toBe(4);
	await until("all of it is free", () => {
		collectGarbage();
		return [...kept.values()].every((reference) => reference.deref() === undefined);
	});
	leaver.abort();
	await expect(stream.next()).rejects.toThrow();
});
