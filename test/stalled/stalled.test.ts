import { expect, test } from "vitest";
import { type RunningApp, standingOperator, startApp } from "../support/running-app.ts";
import { startStalledClient } from "./stalled-client.ts";

/** `npm run test:stalled` asks for ten thousand. */
const streamCount = Number(process.env.WUKONG_TEST_STALLED_STREAMS ?? 2_000);
const ways = ["reset", "FIN", "RST"] as const;

// A third of the streams goes each way, at once, while the streams of a fourth client stay: what
// is freed is what was left, and no more.
test(`${streamCount} stalled streams end with their readers, however these leave`, async () => {
	const perWay = Math.ceil(streamCount / ways.length);
	await using app = await startApp("--seed=200", ...standingOperator);
	using staying = startStalledClient();
	await staying.open(app.url, 10);
	const clients = ways.map((way) => ({ way, client: startStalledClient() }));
	try {
		await Promise.all(clients.map(({ client }) => client.open(app.url, perWay)));
		expect(await app.metric("wukong_watch_streams")).toBe(perWay * ways.length + 10);
		await Promise.all(clients.map(({ way, client }) => client.leave(way)));
		await expectStreams(app, 10);
		await staying.leave("reset");
		await expectStreams(app, 0);
	} finally {
		for (const { client } of clients) client[Symbol.dispose]();
	}
}, 300_000);

/** Waits until so many streams are open; the ceiling only bounds a failing test. */
async function expectStreams(app: RunningApp, count: number): Promise<void> {
	const endMs = performance.now() + 200_000;
	let open = Number.NaN;
	while (open !== count && performance.now() < endMs)
		open = await app.metric("wukong_watch_streams");
	expect(open, "open streams").toBe(count);
}
