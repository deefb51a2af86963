import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { systemClock } from "../../../server/src/clock.ts";
import { Chunks } from "../../../server/src/http/chunks.ts";
import { H1Exchange } from "../../../server/src/http/exchange-h1.ts";
import { H1Request } from "../../../server/src/http/h1-request.ts";
import { defaultLimits } from "../../../server/src/http/limits.ts";
import { createSendQuota } from "../../../server/src/http/send-quota.ts";
import { silentObserver } from "../../../server/src/port/observer.ts";

// Node would keep it until the end of the tick, with the writes of all other streams.
test("what is written is with the system when the call returns, so that a turn has its true length", async () => {
	const limits = defaultLimits;
	const options = {
		limits,
		clock: systemClock,
		sendQuota: createSendQuota(limits),
		observer: silentObserver,
		isDraining: () => false,
		chunks: new Chunks(),
	};
	const connection = {
		httpVersion: "1.1",
		secure: false,
		localAddress: "",
		peer: { address: "", port: 0, secure: false, certificate: undefined },
	} as const;
	let held: unknown;
	const server = createServer({ IncomingMessage: H1Request }, (request, response) => {
		const exchange = new H1Exchange(
			{ request, response },
			{
				connection,
				connectionAs: () => connection,
				hasStopped: false,
				unanswered: 1,
				takeNoMore() {},
			},
			options,
		);
		exchange.writeHead({ status: 200, headers: [], flush: true });
		exchange.write(Buffer.from("first"));
		held = { bytes: response.socket?.writableLength, corks: response.socket?.writableCorked };
		exchange.end();
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	expect(await answer.text()).toBe("first");
	expect(held).toEqual({ bytes: 0, corks: 0 });
	server.closeAllConnections();
	server.close();
});

test("who is given a body and throws breaks off the call, and Node's parser hears nothing of it", async () => {
	const limits = defaultLimits;
	const unexpected: unknown[] = [];
	const options = {
		limits,
		clock: systemClock,
		sendQuota: createSendQuota(limits),
		observer: { ...silentObserver, unexpected: (error: unknown) => void unexpected.push(error) },
		isDraining: () => false,
		chunks: new Chunks(),
	};
	const connection = {
		httpVersion: "1.1",
		secure: false,
		localAddress: "",
		peer: { address: "", port: 0, secure: false, certificate: undefined },
	} as const;
	const peer = {
		connection,
		connectionAs: () => connection,
		hasStopped: false,
		unanswered: 1,
		takeNoMore() {},
	};
	let departed: boolean | undefined;
	const server = createServer({ IncomingMessage: H1Request }, (request, response) => {
		const exchange = new H1Exchange({ request, response }, peer, options);
		exchange.disconnect.subscribe(() => {
			departed = true;
		});
		const limit = { maxBytes: 100, declaredBytes: undefined, readAnnouncedBytes: undefined };
		exchange.collectBody(limit, () => {
			throw new Error("planted");
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	await expect(fetch(url, { method: "POST", body: "x" })).rejects.toThrow();
	expect([departed, unexpected]).toMatchObject([true, [{ message: "planted" }]]);
	server.close();
});
