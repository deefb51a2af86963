import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
	WatchWukongRequestSchema,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { errorOf } from "../support/plain-watch.ts";
import type { WireClient } from "./wire-client.ts";

/**
 * Watches as the platform's own WebSocket carries them, which shares no line with ours. All others
 * are calls, and go by `calls`.
 */
export function createWebSocketWireClient(url: string, calls: WireClient): WireClient {
	return {
		unary: calls.unary,
		async *watch(request, { signal, timeoutMs } = {}) {
			const socket = new WebSocket(new URL("/api/v1/ws", url), "wukong.v1");
			const heard: (WukongEvent | ConnectError)[] = [];
			let wake = () => {};
			const hear = (one: WukongEvent | ConnectError) => {
				heard.push(one);
				wake();
			};
			const leave = (code: Code) => hear(new ConnectError("left", code));
			signal?.addEventListener("abort", () => leave(Code.Canceled));
			const timer =
				timeoutMs === undefined
					? undefined
					: setTimeout(() => leave(Code.DeadlineExceeded), timeoutMs);
			const query = toJson(WatchWukongRequestSchema, create(WatchWukongRequestSchema, request));
			socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", id: "it", query }));
			socket.onclose = () => hear(new ConnectError("the socket has closed", Code.Unknown));
			socket.onmessage = ({ data }) => {
				const message = JSON.parse(data);
				if (message.type === "status") hear(errorOf(message.status));
				else for (const event of message.events) hear(fromJson(WukongEventSchema, event));
			};
			try {
				for (;;) {
					const next = heard.shift();
					if (next instanceof ConnectError) throw next;
					if (next !== undefined) yield next;
					else {
						await new Promise<void>((resolve) => {
							wake = resolve;
						});
					}
				}
			} finally {
				clearTimeout(timer);
				socket.close();
			}
		},
		close: calls.close,
	};
}
