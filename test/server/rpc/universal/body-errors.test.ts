import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { DisconnectError } from "../../../../server/src/http/disconnect.ts";
import type { Exchange } from "../../../../server/src/http/exchange.ts";
import { BodyTimeoutError } from "../../../../server/src/http/request-body.ts";
import { readRequestBody } from "../../../../server/src/rpc/universal/request-body.ts";

test.each([
	[
		"a body that is too slow is DEADLINE_EXCEEDED",
		new BodyTimeoutError("slow"),
		Code.DeadlineExceeded,
	],
	["a body that breaks off is CANCELED", new DisconnectError(), Code.Canceled],
])("%s", async (_title, thrown, code) => {
	async function* readBody(): AsyncGenerator<Uint8Array> {
		yield Uint8Array.of(1);
		throw thrown;
	}
	const body = readRequestBody({ readBody } as unknown as Exchange, undefined);
	expect(await body.next()).toMatchObject({ done: false });
	const error = await body.next().catch((caught: unknown) => caught);
	expect(error).toBeInstanceOf(ConnectError);
	expect(error).toMatchObject({ code });
});
