import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { H1Request } from "../../../server/src/http/h1-request.ts";
import type { BodySink } from "../../../server/src/http/request-body.ts";
import { until } from "../../support/until.ts";

type Serve = (request: H1Request, response: ServerResponse) => void;

const ends: (() => void)[] = [];
afterEach(() => {
	for (const end of ends.splice(0)) end();
});

/** A server, and one connection to it. */
async function open(serve: Serve) {
	const server = createServer({ IncomingMessage: H1Request }, serve).listen(0, "127.0.0.1");
	await once(server, "listening");
	const client = connect((server.address() as AddressInfo).port, "127.0.0.1").setNoDelay(true);
	await once(client, "connect");
	ends.push(() => {
		client.destroy();
		server.closeAllConnections();
		server.close();
	});
	return client;
}

const post = (body: string) =>
	`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;

function collecting(done: (body: string) => void): BodySink {
	let body = "";
	return {
		write(chunk) {
			body += chunk;
		},
		end: () => done(body),
	};
}

const echo: Serve = (request, response) =>
	request.pipeTo(collecting((body) => response.end(`${body}, ${request.readableFlowing}`)));

test("a body comes from the parser in its parts, and the stream never flows", async () => {
	const client = await open(echo);
	client.write(post("a body"));
	for (const byte of "a body") {
		client.write(byte);
		await nextTurn();
	}
	const [answer] = await once(client, "data");
	expect(String(answer)).toMatch(/\r\n\r\na body, null$/);
});

test("requests on one connection have their own bodies, an empty one too", async () => {
	const client = await open(echo);
	client.write(`${post("one")}one${post("")}${post("three")}three`);
	let answers = "";
	while (!answers.includes("three")) answers += (await once(client, "data"))[0];
	expect(answers.match(/\w*, null/g)).toEqual(["one, null", ", null", "three, null"]);
});

test("a body that came before it was asked for is given, too", async () => {
	const client = await open((request, response) => {
		setImmediate(() => request.pipeTo(collecting((body) => response.end(`got ${body}`))));
	});
	client.write(`${post("early")}early`);
	const [answer] = await once(client, "data");
	expect(String(answer)).toMatch(/got early$/);
});

test("what is discarded is read away, and the next request is answered", async () => {
	let isFirst = true;
	const taken: string[] = [];
	const client = await open((request, response) => {
		if (!isFirst) return echo(request, response);
		isFirst = false;
		request.pipeTo({
			write(chunk) {
				taken.push(String(chunk));
				request.discard();
				response.end("enough");
			},
			end: () => taken.push("the end"),
		});
	});
	client.write(`${post("first second")}first `);
	expect(String((await once(client, "data"))[0])).toMatch(/enough$/);
	client.write(`second${post("next")}next`);
	expect(String((await once(client, "data"))[0])).toMatch(/next, null$/);
	expect(taken).toEqual(["first "]);
});

test("a request that was answered is not held until the next one comes", async () => {
	let held: unknown = "not looked at";
	const client = await open((request, response) => {
		const { socket } = request;
		response.on("close", () => {
			held = (socket as { parser?: { incoming: unknown } }).parser?.incoming;
		});
		echo(request, response);
	});
	client.write(`${post("one")}one`);
	await until("the answer is out", () => held !== "not looked at");
	expect(held).toBeNull();
});

test("a body that breaks off is never finished", async () => {
	const closed = Promise.withResolvers<void>();
	let isFinished = false;
	const client = await open((request, response) => {
		response.on("close", closed.resolve);
		request.pipeTo({
			write: () => client.destroy(),
			end() {
				isFinished = true;
			},
		});
	});
	client.write(`${post("whole")}hal`);
	await closed.promise;
	expect(isFinished).toBe(false);
});

test("a body is given to its end though the answer is out already", async () => {
	const body = Promise.withResolvers<string>();
	const client = await open((request, response) => {
		request.pipeTo(collecting(body.resolve));
		response.end("early");
	});
	client.write(`${post("in two")}in `);
	await once(client, "data");
	client.write("two");
	expect(await body.promise).toBe("in two");
});
