import { ServerResponse } from "node:http";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createTextPage } from "../../../server/src/port/assets.ts";
import { silentObserver } from "../../../server/src/port/observer.ts";
import { frame, h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";

afterEach(() => vi.restoreAllMocks());

const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%22name%22%3A%22a%22%7D`;
const get = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const h2Get = (streamId: number, target = path) => {
	const fields = {
		":method": "GET",
		":scheme": "http",
		":path": target,
		":authority": "localhost",
	};
	return headersFrame(streamId, fields, { endStream: true });
};
const h2Post = (streamId: number) => {
	const fields = {
		":method": "POST",
		":scheme": "http",
		":path": pathOf("GetWukong"),
		":authority": "localhost",
		"content-type": "application/json",
	};
	return Buffer.concat([headersFrame(streamId, fields), frame(0, 1, streamId, Buffer.from("{}"))]);
};

/** An observer whose every word throws, but for that of the unexpected, which is kept. */
function throwing(kept: unknown[]) {
	const names = Object.keys(silentObserver) as (keyof typeof silentObserver)[];
	const fail = () => {
		throw new Error("an observer fails");
	};
	const observer = Object.fromEntries(names.map((name) => [name, fail]));
	return {
		...observer,
		unexpected(error: unknown) {
			kept.push(error);
			fail();
		},
	} as typeof silentObserver;
}

describe("an observer that throws costs no call and no connection, and never the process", () => {
	test("HTTP/1.1", async () => {
		const kept: unknown[] = [];
		const { portNumber } = await openPort({ observer: throwing(kept) });
		const client = await openRaw(portNumber);
		await client.send(get + get.replace(path, "/none") + get);
		const count = () => client.received().match(/HTTP\/1\.1 \d+/g)?.length;
		await until("all are answered", () => count() === 3);
		expect(client.received().match(/HTTP\/1\.1 \d+/g)).toEqual([
			"HTTP/1.1 200",
			"HTTP/1.1 404",
			"HTTP/1.1 200",
		]);
		await client.send("\0\r\n\r\n");
		await client.expectClosed();
		expect(kept.length).toBeGreaterThan(0);
	});

	test("HTTP/2", async () => {
		const kept: unknown[] = [];
		const { portNumber } = await openPort({ observer: throwing(kept) });
		const client = await openRaw(portNumber);
		const calls = [h2Get(1), h2Get(3, "/none"), h2Get(5), h2Post(7)];
		await client.send(Buffer.concat([h2Preface, h2SettingsAck, ...calls]));
		await client.expectFrames((types) => types.filter((type) => type === "HEADERS").length === 4);
		client.socket.resetAndDestroy();
		expect(kept.length).toBeGreaterThan(0);
	});
});

describe("a page that cannot be written breaks off its own call alone", () => {
	const assets = [
		createTextPage("/bad", async () => ({ status: 200, contentType: "text/\x01", body: "never" })),
		createTextPage("/good", async () => ({ status: 200, contentType: "text/plain", body: "ok" })),
	];

	test("HTTP/1.1: the answers of requests before it leave first", async () => {
		const { portNumber, seen } = await openPort({ assets });
		const client = await openRaw(portNumber);
		await client.send(get + get.replace(path, "/good") + get.replace(path, "/bad"));
		await client.expectClosed();
		expect(client.received().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
		expect(seen.unexpected.splice(0)).toMatchObject([{ code: "ERR_INVALID_CHAR" }]);
	});
});

test("an answer whose end cannot be written breaks off its own call, and the observer hears it", async () => {
	const { portNumber, seen } = await openPort();
	const client = await openRaw(portNumber);
	vi.spyOn(ServerResponse.prototype, "end").mockImplementationOnce(() => {
		throw new Error("planted");
	});
	await client.send(get);
	await client.expectClosed();
	expect(seen.unexpected.splice(0)).toMatchObject([{ message: "planted" }]);
	const next = await openRaw(portNumber);
	await next.send(get);
	await next.expectText("HTTP/1.1 200");
	next.socket.destroy();
});
