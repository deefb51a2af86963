// A client in a process of its own: opens watches over HTTP/2 and takes nothing of them, then leaves
// them in one of three ways, and stays, so that nothing but that way can have told the server.
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { cancelStream, openSession, startH2Watch } from "../support/watch-request.ts";

/** What the client is asked to do, one after the other. */
export type StalledOrder =
	| { readonly do: "open"; readonly url: string; readonly streamCount: number }
	| { readonly do: "leave"; readonly way: "reset" | "FIN" | "RST" };

/** Below the server's limit for one connection. */
const streamsPerSession = 200;

const sessions: { readonly session: ClientHttp2Session; readonly socket: Socket }[] = [];
const streams: ClientHttp2Stream[] = [];

async function open(url: string, streamCount: number): Promise<void> {
	while (streams.length < streamCount) {
		// A window of no bytes: the head comes, and no part of the body ever does.
		const opened = await openSession(url, { initialWindowSize: 0 });
		sessions.push(opened);
		const count = Math.min(streamsPerSession, streamCount - streams.length);
		const started = Array.from({ length: count }, () => startH2Watch(opened.session));
		streams.push(...(await Promise.all(started)));
	}
}

function leave(way: "reset" | "FIN" | "RST"): void {
	if (way === "reset") for (const stream of streams) cancelStream(stream);
	else if (way === "FIN") for (const { socket } of sessions) socket.end();
	else for (const { socket } of sessions) socket.resetAndDestroy();
}

process.on("message", async (order: StalledOrder) => {
	if (order.do === "open") await open(order.url, order.streamCount);
	else leave(order.way);
	process.send?.("done");
});
await once(process, "disconnect");
process.exit();
