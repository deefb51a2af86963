import { expect, test } from "vitest";
import type { Exchange } from "../../../server/src/http/exchange.ts";
import { summarizeRequest } from "../../../server/src/rpc/observer.ts";
import { openPort } from "../../support/port-fixture.ts";

function asked(target: string, authority: string, origin: string) {
	const exchange = { target, authorities: [authority], rawHeaders: ["origin", origin] };
	return summarizeRequest(exchange as unknown as Exchange);
}

test("the log gets what a request asked for without its query, cut, and in printable ASCII", () => {
	expect(asked("/a\x1b[31m\u2028b?token=secret", "h\r\nfoo", "https://a.example")).toEqual({
		path: "/a?[31m?b",
		host: "h??foo",
		origin: "https://a.example",
	});
	const { path, host, origin } = asked(`/${"p".repeat(1e5)}`, "h".repeat(1e5), "o".repeat(1e5));
	for (const text of [path, host, origin]) expect(text).toHaveLength(256 + "...".length);
});

test("a refusal is told with path, host and origin", async () => {
	const { url, authority, seen } = await openPort();
	const response = await fetch(`${url}/nothing?token=secret`);
	expect(response.status).toBe(404);
	expect(seen.refused).toMatchObject([{ path: "/nothing", host: authority, origin: undefined }]);
});
