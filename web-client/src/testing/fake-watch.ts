import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import {
	WukongEvent_Type as Type,
	type WatchWukongRequest,
	type WukongEvent,
	WukongEventSchema,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { Clock, Timer } from "../live/environment.ts";
import { failure } from "./fake-failure.ts";
import { createShows, type Shows } from "./fake-selector.ts";
import type { FakeChange, FakeStore } from "./fake-store.ts";

/** The token of every message inside a snapshot: nothing complete was sent yet. */
const startOver = "start-over";

/**
 * Streams as the service does (docs/watch.md, promises 1 to 4 and 6): a snapshot or what was
 * missed, SYNCED, then live, each message with a place to resume from, filters as views, RESET for a
 * place that cannot be used, and a HEARTBEAT at the asked interval.
 */
export async function* watchFake(
	store: FakeStore,
	clock: Clock,
	{ request, context }: { readonly request: WatchWukongRequest; readonly context: HandlerContext },
): AsyncGenerator<WukongEvent, void, void> {
	const shows = createShows(request);
	if (shows === undefined) throw failure(Code.InvalidArgument, "INVALID_REQUEST");
	if (context.signal.aborted) return;
	const intervalMs = Number(request.heartbeatInterval?.seconds ?? 15n) * 1_000;
	const news = createNews(clock, intervalMs, context.signal);
	const stopListening = store.onChange(news.wake);
	const stop = () => {
		stopListening();
		news.stop();
	};
	// By the signal too: a generator that is suspended at a yield is not always returned.
	context.signal.addEventListener("abort", stop);
	try {
		let place = placeOf(request.resourceVersion);
		let missed = place === undefined ? undefined : store.changesAfter(place);
		const isResumed = missed !== undefined;
		if (!isResumed && request.resourceVersion !== "") yield message(Type.RESET, startOver);
		for (;;) {
			if (missed === undefined) {
				place = store.version;
				for (const wukong of [...store.wukongs.values()].filter(shows)) {
					yield message(Type.ADDED, startOver, wukong);
				}
				yield message(Type.SYNCED, String(place));
			} else {
				for (const change of missed) {
					place = change.version;
					const event = viewOf(change, shows);
					if (event !== undefined) yield event;
				}
				yield message(Type.SYNCED, String(place));
			}
			missed = yield* live(store, news, { shows, place: place ?? 0 });
			if (missed === undefined) yield message(Type.RESET, startOver);
		}
	} finally {
		stop();
	}
}

/** What comes after SYNCED. @returns where the reader fell out of the history */
async function* live(
	store: FakeStore,
	news: News,
	{ shows, place }: { readonly shows: Shows; readonly place: number },
): AsyncGenerator<WukongEvent, undefined, void> {
	let at = place;
	for (;;) {
		const changes = store.changesAfter(at);
		if (changes === undefined) return undefined;
		for (const change of changes) {
			at = change.version;
			const event = viewOf(change, shows);
			if (event !== undefined) yield event;
		}
		if (changes.length > 0) continue;
		if (await news.isHeartbeatDue()) yield message(Type.HEARTBEAT, String(at));
	}
}

function placeOf(token: string): number | undefined {
	return /^\d+$/.test(token) ? Number(token) : undefined;
}

/** One change as a reader with this filter sees it; what leaves the view goes as it was last seen. */
function viewOf({ version, previous, next }: FakeChange, shows: Shows): WukongEvent | undefined {
	const was = previous !== undefined && shows(previous);
	const is = next !== undefined && shows(next);
	const token = String(version);
	if (is) return message(was ? Type.MODIFIED : Type.ADDED, token, next);
	return was ? message(Type.DELETED, token, previous) : undefined;
}

function message(type: Type, resourceVersion: string, wukong?: Wukong): WukongEvent {
	return create(WukongEventSchema, {
		type,
		resourceVersion,
		...(wukong === undefined ? {} : { wukong }),
	});
}

/** Wakes one waiting stream: by a change, by its heartbeat, by its end. */
export interface News {
	readonly wake: () => void;
	/** Waits for anything. @returns true where a heartbeat is due. @throws where the caller has left */
	isHeartbeatDue(): Promise<boolean>;
	stop(): void;
}

export function createNews(clock: Clock, intervalMs: number, signal: AbortSignal): News {
	let wake = () => {};
	let hasNews = false;
	let isDue = false;
	let timer: Timer | undefined;
	const tell = () => {
		hasNews = true;
		wake();
	};
	const beat = () => {
		timer = clock.setTimer(intervalMs, () => {
			isDue = true;
			beat();
			tell();
		});
	};
	beat();
	return {
		wake: tell,
		async isHeartbeatDue() {
			if (!hasNews) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
			hasNews = false;
			if (signal.aborted) throw new ConnectError("the caller has left", Code.Canceled);
			const wasDue = isDue;
			isDue = false;
			return wasDue;
		},
		stop() {
			timer?.cancel();
			// Whoever still waits has to hear of the end.
			tell();
		},
	};
}
