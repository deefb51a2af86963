// Stock connect-node with the thinnest implementation there is: it answers with messages that
// are already there, checks nothing and logs nothing.
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type WukongEvent, WukongService } from "@novasphere/wukong-gen/wukong-service";
import { getAnswers } from "../payload/get-answers.ts";
import { readPayload } from "../payload/payload.ts";
import { announce } from "./announce.ts";
import { onBurst } from "./control.ts";

const { list, synced, changed } = readPayload(process.argv[2] ?? "");
const gets = getAnswers(list);

/** A stream that waits for news. */
interface Reader {
	readonly queue: WukongEvent[];
	wake(): void;
}
const readers = new Set<Reader>();

onBurst((places) => {
	const events = places.flatMap((place) => changed[place] ?? []);
	for (const reader of readers) {
		reader.queue.push(...events);
		reader.wake();
	}
}, changed.length);

async function* watch(signal: AbortSignal): AsyncGenerator<WukongEvent> {
	const reader: Reader = { queue: [synced], wake: () => {} };
	readers.add(reader);
	signal.addEventListener("abort", () => reader.wake());
	try {
		while (!signal.aborted) {
			yield* reader.queue.splice(0);
			if (reader.queue.length > 0) continue;
			await new Promise<void>((resolve) => {
				reader.wake = resolve;
			});
		}
	} finally {
		readers.delete(reader);
	}
}

const handler = connectNodeAdapter({
	routes: (router) =>
		router.service(WukongService, {
			getWukong: ({ name }) => gets.get(name) ?? {},
			listWukongs: () => list,
			watchWukong: (_request, { signal }) => watch(signal),
		}),
});
const http1 = createServer({ keepAliveTimeout: 300_000 }, handler);
await announce(http1, createHttp2Server(handler));
