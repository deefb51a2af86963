import { expect, test } from "vitest";
import { createFakeClock } from "../../support/fake-clock.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";

const maxRequestBytes = 1_000;

/** A request of a megabyte, of which `sentBytes` are sent. */
function upload(sentBytes: number): string {
	const fields = "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000";
	return `POST ${pathOf("GetWukong")} HTTP/1.1\r\n${fields}\r\n\r\n${" ".repeat(sentBytes)}`;
}

test.each([
	["has sent little", 2_000],
	["goes on sending", 300_000],
])("a peer that %s has a second to read why it is refused", async (_what, sentBytes) => {
	const clock = createFakeClock();
	const { portNumber, url } = await openPort({ clock, limits: { maxRequestBytes } });
	const client = await openRaw(portNumber);
	await client.send(upload(sentBytes));
	await client.expectText("429 Too Many Requests");
	await client.expectText("resource_exhausted");
	// What another connection is answered comes after all that was to come on this one.
	await fetch(`${url}/none`, { headers: { connection: "close" } });
	expect(client.isClosed()).toBe(false);
	await clock.advance(1_000);
	await client.expectClosed();
});

test("a peer that sends the rest of its request is let go at once", async () => {
	const clock = createFakeClock();
	const { portNumber } = await openPort({ clock });
	const client = await openRaw(portNumber);
	const fields = "Host: localhost\r\nContent-Type: application/json\r\nConnect-Timeout-Ms: 5";
	const path = pathOf("GetWukong");
	await client.send(`POST ${path} HTTP/1.1\r\n${fields}\r\nContent-Length: 2\r\n\r\n{`);
	await until("the body is awaited", () => clock.delaysMs.includes(5));
	await clock.advance(5);
	await client.expectText("deadline_exceeded");
	await client.send("}");
	await client.expectClosed();
});
