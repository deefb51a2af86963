import { Code, ConnectError } from "@connectrpc/connect";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { expect } from "vitest";
import { manifest } from "./scenario.ts";
import type { WireClient } from "./wire-client.ts";

/** Watches while VMs come, change and go; the first messages, up to and with the DELETED. */
export async function playWatch(client: WireClient): Promise<WukongEvent[]> {
	const wukong = manifest as never;
	await client.unary("createWukong", { wukong });
	const leaver = new AbortController();
	const events: WukongEvent[] = [];
	try {
		for await (const event of client.watch({ labelSelector: "app" }, { signal: leaver.signal })) {
			events.push(event);
			if (event.type === EventType.SYNCED) {
				await client.unary("createWukong", { wukong: { ...manifest, name: "db-2" } as never });
				await client.unary("stopWukong", { name: "db-2" });
				await client.unary("updateWukong", {
					wukong: { name: "db-1" },
					updateMask: { paths: ["labels"] } as never,
				});
			}
			if (event.type === EventType.DELETED) leaver.abort();
		}
	} catch (error) {
		expect(ConnectError.from(error).code).toBe(Code.Canceled);
	}
	return events;
}

/** Watches until SYNCED; all messages up to it. */
export async function untilSynced(
	client: WireClient,
	resourceVersion: string,
): Promise<WukongEvent[]> {
	const leaver = new AbortController();
	const iterator = client
		.watch({ resourceVersion }, { signal: leaver.signal })
		[Symbol.asyncIterator]();
	const events: WukongEvent[] = [];
	do {
		events.push((await iterator.next()).value);
	} while (events.at(-1)?.type !== EventType.SYNCED);
	leaver.abort();
	// connect hides the iterator's return: what ends the call is the signal.
	await iterator.next().catch(() => {});
	return events;
}
