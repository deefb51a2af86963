import { createServiceImplSpec } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { openPort } from "../support/port-fixture.ts";
import { createUncommonService, uncommonPath } from "./uncommon-service.ts";
import { bytesField, numberField } from "./wire-bytes.ts";

const service = createUncommonService();
const binary = "application/proto";
const json = "application/json";

/** Answers each message with itself. */
function open() {
	const spec = createServiceImplSpec(service, { ask: (message: object) => message } as never);
	return openPort({ services: [spec] });
}

async function answerTo(type: string, body: string | Uint8Array<ArrayBuffer>) {
	const { url } = await open();
	const headers = { "content-type": type };
	const response = await fetch(url + uncommonPath, { method: "POST", headers, body });
	return { status: response.status, text: await response.text() };
}

function nestedMessages(depth: number): Buffer<ArrayBuffer> {
	let message = Buffer.alloc(0);
	for (let i = 0; i < depth; i++) message = Buffer.from(bytesField(1, message));
	return message;
}

const nestedJson = (depth: number) => `${'{"within":'.repeat(depth)}{}${"}".repeat(depth)}`;

/** A map entry whose value is a message with that entry in it, deeper than a decoder goes. */
function nestedEntries(depth: number): Buffer<ArrayBuffer> {
	let message = Buffer.alloc(0);
	for (let i = 0; i < depth; i++) message = Buffer.from(bytesField(4, bytesField(2, message)));
	return message;
}

test.each([
	["J14: nesting of 101", json, nestedJson(101)],
	["J25: bytes that are not base64", json, '{"data":"%%%"}'],
	["P12: 101 nested messages", binary, nestedMessages(101)],
	["P18: packed numbers with a rest", binary, Buffer.from([0x1a, 2, 1, 0x80])],
	["P20: a map entry nested in itself", binary, nestedEntries(101)],
])("%s is invalid_argument", async (_name, type, body) => {
	const { status, text } = await answerTo(type, body);
	expect([status, JSON.parse(text).code]).toEqual([400, "invalid_argument"]);
});

test("P38: of a choice that comes twice, the last one counts", async () => {
	const both = Buffer.concat([bytesField(5, "first"), numberField(6, 7)]);
	const { status, text } = await answerTo(binary, Buffer.from(both));
	expect([status, text]).toEqual([200, "\x30\x07"]);
});

test("nesting that a decoder takes is served", async () => {
	expect((await answerTo(json, nestedJson(50))).status).toBe(200);
	expect((await answerTo(binary, nestedMessages(50))).status).toBe(200);
});
