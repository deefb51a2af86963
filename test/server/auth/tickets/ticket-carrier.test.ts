import { expect, test } from "vitest";
import { takeTicket } from "../../../../server/src/rpc/call/ticket-carrier.ts";

test.each([
	["/a?ticket=wt_x", "/a"],
	["/a?ticket=wt_x&b=c", "/a?b=c"],
	["/a?b=c&ticket=wt_x", "/a?b=c"],
	["/a?b=c&ticket=wt_x&d=e", "/a?b=c&d=e"],
])("a ticket is taken out of its URL: %s", (path, rest) => {
	expect(takeTicket(path)).toEqual({ path: rest, ticket: { text: "wt_x", principal: undefined } });
});

test.each([
	"/a",
	"/a?b=c",
	"/a?ticket=",
	"/a?ticket=x",
	"/a?ticket=wt_",
	"/a?my_ticket=wt_x",
	"/a?ticket=wt_x%20",
])("nothing else is taken: %s", (path) => {
	expect(takeTicket(path)).toEqual({ path, ticket: undefined });
});
