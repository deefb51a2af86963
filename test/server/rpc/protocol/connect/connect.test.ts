import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { withErrorMetadata } from "../../../../../server/src/rpc/protocol/connect/connect.ts";

const error = () =>
	new ConnectError("no", Code.Aborted, { "x-hint": "later", "content-type": "text/html" });

test("an error's metadata joins the headers, but for the protocols' own names", () => {
	const headers = withErrorMetadata(new Headers({ "x-hint": "now", "x-other": "1" }), error());
	expect([...headers]).toEqual([
		["x-hint", "now, later"],
		["x-other", "1"],
	]);
	expect([...withErrorMetadata(undefined, error())]).toEqual([["x-hint", "later"]]);
});

test("what another server's answer carried stays here", () => {
	const relayed = error();
	relayed.isWireError = true;
	expect([...withErrorMetadata(undefined, relayed)]).toEqual([]);
});
