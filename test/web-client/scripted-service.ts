import { create } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
	type WukongEvent,
	WukongEvent_Type,
	WukongEventSchema,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";

/** What a scripted service saw of its streams. */
export interface StreamCounts {
	opened: number;
	/** Streams whose signal was aborted. */
	ended: number;
	/** Deadlines that came with the streams, in milliseconds. */
	readonly timeoutsMs: (number | undefined)[];
}

/** A service whose watch sends numbered events, then stays silent until it is cancelled. */
export function scriptedService(
	counts: StreamCounts,
	rest: Partial<ServiceImpl<typeof WukongService>> = {},
): (router: ConnectRouter) => void {
	async function* watchWukong(_: unknown, context: HandlerContext): AsyncGenerator<WukongEvent> {
		counts.opened++;
		counts.timeoutsMs.push(context.timeoutMs());
		// By the signal: a generator that is suspended at a yield is not always returned.
		const cancelled = new Promise<void>((resolve) => {
			context.signal.addEventListener("abort", () => resolve(), { once: true });
		});
		void cancelled.then(() => counts.ended++);
		for (const version of ["1", "2", "3"]) {
			yield create(WukongEventSchema, {
				type: WukongEvent_Type.HEARTBEAT,
				resourceVersion: version,
			});
		}
		await cancelled;
	}
	return (router) => void router.service(WukongService, { watchWukong, ...rest });
}
