import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningApp, startApp } from "../../support/running-app.ts";

const path = "/novasphere.v1.WukongService/WaitWukong";
const body = JSON.stringify({ name: "vm-0", state: "PAUSED" });

let app: RunningApp;
beforeAll(async () => {
	app = await startApp("--seed", "1");
});
afterAll(async () => {
	await app[Symbol.asyncDispose]();
});

/** Waits for the number of waits on the server; bounded by the test's own time. */
async function openWaits(count: number): Promise<void> {
	while ((await app.metric("wukong_watch_streams")) !== count);
}

test("a wait whose caller ends its side of an HTTP/1.1 connection is freed: nothing else would show that it left", async () => {
	const { port } = new URL(app.url);
	const socket = connect({ host: "127.0.0.1", port: Number(port) });
	const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
	socket.write(head + body);
	await openWaits(1);
	socket.end();
	await openWaits(0);
	socket.destroy();
});

test("a wait whose caller closes its HTTP/2 connection is freed", async () => {
	const session = connectHttp2(app.url);
	const stream = session.request({
		":method": "POST",
		":path": path,
		"content-type": "application/json",
	});
	stream.on("error", () => {});
	stream.end(body);
	await openWaits(1);
	session.destroy();
	await openWaits(0);
});

test("a wait over HTTP/1.1 is answered to a caller that stays", async () => {
	const response = await fetch(new URL(path, app.url), {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ name: "vm-0", state: "PAUSED", timeout: "0.1s" }),
	});
	expect(await response.json()).toMatchObject({ outcome: "TIMED_OUT" });
});
