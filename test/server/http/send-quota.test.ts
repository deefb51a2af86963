import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import type { Interceptor } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { quotaKey } from "../../../server/src/rpc/call/call-context.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { until } from "../../support/until.ts";
import { openSession } from "../../support/watch-request.ts";

type Http2 = ClientHttp2Session;

const mebibyte = 1024 * 1024;
const implementation = {
	getWukong: ({ name }: { readonly name: string }) => ({
		wukong: { name, status: { phase: "x".repeat(name === "large" ? mebibyte : 10) } },
	}),
};
/** Room for three large answers and their JSON around them. */
const roomForThree = 3 * mebibyte + 1024;

/** Asks for so many VMs, and takes heads alone where the session's window is shut. */
async function statusesOf(session: Http2, name: string, count: number, caller?: string) {
	const message = encodeURIComponent(JSON.stringify({ name }));
	const path = `${pathOf("GetWukong")}?encoding=json&message=${message}`;
	const streams = Array.from({ length: count }, () =>
		session.request({ ":path": path, ...(caller && { "x-caller": caller }) }),
	);
	const heads = await Promise.all(streams.map((stream) => once(stream, "response")));
	const statuses = heads.map(([head]) => (head as { ":status": number })[":status"]);
	return { streams, statuses };
}

const shut = { initialWindowSize: 0 };

test("answers that nobody reads fill a connection up to its limit, and small ones still have room", async () => {
	const limits = { maxUnreadBytesPerConnection: roomForThree };
	const { url, seen } = await openPort({ limits, implementation });
	const { session } = await openSession(url, shut);
	const { streams, statuses } = await statusesOf(session, "large", 5);
	expect(statuses).toEqual([200, 200, 200, 429, 429]);
	expect(seen.refused.map(({ cause }) => cause)).toEqual(["unread", "unread"]);
	expect((await statusesOf(session, "small", 2)).statuses).toEqual([200, 200]);

	const other = await openSession(url, shut);
	expect((await statusesOf(other.session, "large", 2)).statuses).toEqual([200, 200]);
	// Whoever goes away, or reads, makes room.
	streams[0]?.close();
	await until("its end was seen", () => streams[0]?.closed === true);
	await new Promise((resolve) => session.ping(resolve));
	expect((await statusesOf(session, "large", 2)).statuses).toEqual([200, 429]);
	session.destroy();
	other.session.destroy();
});

test("all connections together fill the port up to its limit", async () => {
	const { url } = await openPort({ limits: { maxUnreadBytes: roomForThree }, implementation });
	const first = await openSession(url, shut);
	const second = await openSession(url, shut);
	expect((await statusesOf(first.session, "large", 2)).statuses).toEqual([200, 200]);
	expect((await statusesOf(second.session, "large", 2)).statuses).toEqual([200, 429]);
	first.session.destroy();
	second.session.destroy();
});

test("a connection that reads gets every answer", async () => {
	const limits = { maxUnreadBytesPerConnection: roomForThree };
	const { url } = await openPort({ limits, implementation });
	const { session } = await openSession(url);
	for (let i = 0; i < 10; i++) {
		const { streams, statuses } = await statusesOf(session, "large", 1);
		expect(statuses).toEqual([200]);
		streams[0]?.resume();
		await once(streams[0] as NodeJS.EventEmitter, "close");
	}
	session.destroy();
});

test("one answer has room on its connection however large it is", async () => {
	const limits = { maxUnreadBytesPerConnection: 1_024 };
	const { url } = await openPort({ limits, implementation });
	const { session } = await openSession(url, shut);
	expect((await statusesOf(session, "large", 2)).statuses).toEqual([200, 429]);
	session.destroy();
});

test("answers of one caller fill its limit over all its connections, and leave room for others", async () => {
	const limits = { maxUnreadBytesPerCaller: roomForThree };
	const interceptors: Interceptor[] = [
		(next) => (request) => {
			request.contextValues.set(quotaKey, request.header.get("x-caller") ?? undefined);
			return next(request);
		},
	];
	const { url } = await openPort({ limits, implementation, interceptors });
	const sessions = await Promise.all([1, 2, 3].map(() => openSession(url, shut)));
	const [first, second, third] = sessions.map(({ session }) => session) as [Http2, Http2, Http2];
	expect((await statusesOf(first, "large", 2, "ann")).statuses).toEqual([200, 200]);
	const { streams, statuses } = await statusesOf(second, "large", 2, "ann");
	expect(statuses).toEqual([200, 429]);
	expect((await statusesOf(second, "small", 1, "ann")).statuses).toEqual([200]);
	expect((await statusesOf(second, "large", 1, "bob")).statuses).toEqual([200]);
	expect((await statusesOf(third, "large", 4)).statuses).toEqual([200, 200, 200, 200]);
	// Whoever goes away makes room.
	streams[0]?.close();
	await until("its end was seen", () => streams[0]?.closed === true);
	await new Promise((resolve) => second.ping(resolve));
	expect((await statusesOf(third, "large", 2, "ann")).statuses).toEqual([200, 429]);
	for (const { session } of sessions) session.destroy();
});
