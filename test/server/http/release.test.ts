import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import {
	endlessWatch,
	openPort,
	type PortSettings,
	type PortUnderTest,
	pathOf,
	quietWatch,
} from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";
import {
	cancelStream,
	openSession,
	startH1Watch,
	startH2Watch,
} from "../../support/watch-request.ts";

let files: CertificateFiles;
beforeAll(async () => {
	files = await createCertificateFiles();
});
afterAll(() => files.remove());

const streamCount = 50;
const kinds = { "stalled in its write": endlessWatch, "waiting for news": quietWatch };

describe.each(["cleartext", "TLS"])("%s", (way) => {
	describe.each(Object.entries(kinds))("a handler %s", (_name, watch) => {
		async function open(): Promise<PortUnderTest> {
			const settings: PortSettings = way === "TLS" ? { tls: files } : {};
			const holder: { port?: PortUnderTest } = {};
			const seen = () => (holder.port as PortUnderTest).seen;
			holder.port = await openPort({ ...settings, implementation: { watchWukong: watch(seen) } });
			return holder.port;
		}

		async function expectAllFreed({ seen }: PortUnderTest): Promise<void> {
			await until("every handler has run its finally", () => seen.live === 0);
			await until("every call has ended", () => seen.ended.length === streamCount);
		}

		test("is freed when HTTP/2 streams are reset, 50 of 50", async () => {
			const port = await open();
			const { session } = await openSession(port.url);
			const streams = await times(streamCount, () => startH2Watch(session));
			expect(port.seen.live).toBe(streamCount);
			for (const stream of streams) cancelStream(stream);
			await expectAllFreed(port);
			session.destroy();
		});

		test.each(["destroy", "end"] as const)(
			"is freed when the HTTP/2 connection goes by socket.%s()",
			async (how) => {
				const port = await open();
				const { session, socket } = await openSession(port.url);
				await times(streamCount, () => startH2Watch(session));
				socket[how]();
				await expectAllFreed(port);
				session.destroy();
			},
		);

		test.each(["destroy", "end", "resetAndDestroy"] as const)(
			"is freed when HTTP/1.1 connections go by socket.%s()",
			async (how) => {
				if (way === "TLS" && how === "resetAndDestroy") return;
				const port = await open();
				const watches = await times(streamCount, () => startH1Watch(port.url));
				for (const { socket } of watches) socket[how]();
				await expectAllFreed(port);
				for (const { socket } of watches) socket.destroy();
			},
		);
	});
});

test("every pipelined call ends with its connection, not only the one whose turn it is", async () => {
	const holder: { port?: PortUnderTest } = {};
	const seen = () => (holder.port as PortUnderTest).seen;
	holder.port = await openPort({ implementation: { watchWukong: quietWatch(seen) } });
	const request = `POST ${pathOf("WatchWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02{}`;
	const client = await openRaw(holder.port.portNumber);
	await client.send(request.repeat(10));
	await until("all have begun", () => seen().live === 10);
	client.socket.destroy();
	await until("all are freed", () => seen().live === 0);
	await until("all have ended", () => seen().ended.length === 10);
});

test("a call ends with its caller even where its handler hears nothing", async () => {
	const wake = Promise.withResolvers<void>();
	const { url, seen } = await openPort({
		implementation: {
			async *watchWukong() {
				yield {};
				await wake.promise;
			},
		},
	});
	const { session } = await openSession(url);
	const stream = await startH2Watch(session);
	cancelStream(stream);
	await until("the call has ended", () => seen.ended.length === 1);
	expect(seen.ended[0]?.complete).toBe(false);
	wake.resolve();
	session.destroy();
});

function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
	return Promise.all(Array.from({ length: count }, run));
}
