import { expect, test } from "vitest";
import { chooseMediaType } from "../../../../../server/src/rpc/protocol/rest/accept.ts";

const offered = ["application/x-ndjson", "application/json", "text/event-stream"];

test.each([
	[undefined, "application/x-ndjson"],
	["*/*", "application/x-ndjson"],
	["text/event-stream", "text/event-stream"],
	["TEXT/Event-Stream", "text/event-stream"],
	["text/*", "text/event-stream"],
	["text/event-stream, */*", "text/event-stream"],
	["*/*, text/event-stream", "text/event-stream"],
	["*/*, text/event-stream;q=0.9", "application/x-ndjson"],
	["text/event-stream;q=0, */*", "application/x-ndjson"],
	["text/event-stream;q=0.5, application/json;q=0.4", "text/event-stream"],
	["application/json, text/plain, */*", "application/json"],
	["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/x-ndjson"],
	["text/event-stream;charset=utf-8", "text/event-stream"],
	["text/event-stream;q=2", undefined],
	["text/event-stream;q=0", undefined],
	["text/html", undefined],
	["*/*;q=0", undefined],
	["", undefined],
	["garbage", undefined],
])("Accept: %s of a stream is answered as %s (RFC 9110, 12.5.1)", (accept, chosen) => {
	expect(chooseMediaType(accept, offered)).toBe(chosen);
});
