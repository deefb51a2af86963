import { create } from "@bufbuild/protobuf";
import { type Code, ConnectError } from "@connectrpc/connect";
import {
	WukongEvent_Type as Type,
	type WukongEvent,
	WukongEventSchema,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import { isLocal } from "../errors.ts";
import type { Environment, Timer } from "../live/environment.ts";
import type { Feed } from "../live/feed.ts";
import type { OpenStream } from "../live/follow.ts";
import type { WatchState } from "../live/watch-state.ts";
import { createLeadership } from "./leadership.ts";
import { createMessageQueue } from "./message-queue.ts";
import type { Tabs } from "./tabs.ts";

/** What tabs say to each other. No token of a caller is among it. */
type TabMessage =
	/** A follower that is at `token` wants to be told the rest. */
	| { readonly type: "join"; readonly from: string; readonly token: string }
	/** To one follower: what it lacks. Empty: the leader is there, and has nothing yet. */
	| { readonly type: "welcome"; readonly to: string; readonly events: readonly WukongEvent[] }
	/** To all that are at `after`. */
	| { readonly type: "event"; readonly after: string; readonly event: WukongEvent }
	/** The leader's stream has ended so. */
	| ({ readonly type: "lost" } & Loss);

/** What is told of an error: all that decisions are made by. */
interface Loss {
	readonly code: Code;
	readonly text: string;
	readonly details: ConnectError["details"];
	/** Nothing of it came from the other side. */
	readonly isLocal: boolean;
}

/** With whom a stream is shared. */
export interface ShareOptions {
	readonly tabs: Tabs;
	/** Equal in tabs that ask the same service the same, as the same caller. */
	readonly name: string;
	readonly environment: Environment;
}

/** How often a follower asks a leader that does not answer, and how many times. */
const askMs = 1_000;
const maxAsks = 4;

/**
 * Wraps what opens a stream so that one tab opens it, and tells its messages to the others. When the
 * leader goes, another one goes on from its own last token; when it freezes, it is deposed.
 *
 * @param state what this tab holds; the leader answers for it
 * @returns leaving it lets another tab lead
 */
export function createSharedStream(
	open: OpenStream,
	state: WatchState,
	{ tabs, name, environment }: ShareOptions,
): Feed {
	const leadership = createLeadership(tabs, name);
	let stopListening: (() => void) | undefined;
	/** Questions in a row without an answer, also over streams that were given up for their silence. */
	let asks = 0;
	const id = `${environment.clock.nowMs()}-${environment.random()}`;

	async function* lead(channel: BroadcastChannel, signal: AbortSignal) {
		const say = (message: TabMessage) => channel.postMessage(message);
		channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
			if (data.type === "join") {
				say({ type: "welcome", to: data.from, events: missing(state, data.token) });
			}
		};
		try {
			for await (const event of open(state.token, signal)) {
				say({ type: "event", after: state.token, event });
				yield event;
			}
		} catch (error) {
			if (!signal.aborted) say({ type: "lost", ...lossOf(ConnectError.from(error)) });
			throw error;
		}
	}

	async function* followLeader(channel: BroadcastChannel, signal: AbortSignal) {
		const queue = createMessageQueue<WukongEvent>(signal);
		let isWelcome = false;
		let timer: Timer | undefined;
		const ask = () => {
			timer?.cancel();
			if (asks++ >= maxAsks) leadership.steal();
			channel.postMessage({ type: "join", from: id, token: state.token } satisfies TabMessage);
			timer = environment.clock.setTimer(askMs, ask);
		};
		let told = state.token;
		channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
			if (data.type === "join") return;
			// It lives.
			asks = 0;
			if (data.type === "lost") queue.fail(errorOf(data));
			else if (data.type === "welcome") {
				if (data.to !== id || isWelcome || data.events.length === 0) return;
				isWelcome = true;
				timer?.cancel();
				for (const event of data.events) queue.push(event);
				told = data.events.at(-1)?.resourceVersion ?? told;
			} else if (isWelcome && data.after === told) {
				told = data.event.resourceVersion;
				queue.push(data.event);
			} else {
				// Another leader, which is somewhere else: ask for what lies between.
				isWelcome = false;
				ask();
			}
		};
		leadership.seek(() => queue.end());
		ask();
		signal.addEventListener("abort", () => timer?.cancel(), { once: true });
		try {
			yield* queue.messages;
		} finally {
			timer?.cancel();
		}
	}

	const leave = () => {
		stopListening?.();
		stopListening = undefined;
		leadership.leave();
	};

	return {
		async *open(_token, signal) {
			const channel = tabs.createChannel(name);
			const close = () => channel.close();
			signal.addEventListener("abort", close, { once: true });
			try {
				if (!leadership.isHeld) yield* followLeader(channel, signal);
				if (!leadership.isHeld) return;
				const deposed = new AbortController();
				const depose = () => deposed.abort();
				signal.addEventListener("abort", depose, { once: true });
				leadership.seek(depose);
				// A page that is put away keeps no lock: it would keep the others from leading.
				stopListening ??= environment.onNetwork((news) => news === "hide" && leave());
				yield* lead(channel, deposed.signal);
			} finally {
				close();
			}
		},
		leave,
	};
}

function lossOf(error: ConnectError): Loss {
	const { code, rawMessage } = error;
	// Those that came over a wire; others cannot be told.
	const details = error.details.filter((detail) => "type" in detail);
	return { code, text: rawMessage, details, isLocal: isLocal(error) };
}

function errorOf({ code, text, details, isLocal }: Loss): ConnectError {
	// Which header fields it came with is no matter, but that it did.
	const error = new ConnectError(text, code, isLocal ? {} : { via: "tab" });
	error.details = details;
	return error;
}

/** What somebody at `token` lacks, as a stream would tell it; nothing while nothing is complete. */
function missing(state: WatchState, token: string): readonly WukongEvent[] {
	if (state.isPartial) return [];
	const message = (type: Type, resourceVersion: string) =>
		create(WukongEventSchema, { type, resourceVersion });
	const synced = message(Type.SYNCED, state.token);
	if (token === state.token) return [synced];
	// Inside a snapshot there is no place to resume from.
	const added = [...state.held.values()].map((wukong) =>
		create(WukongEventSchema, { type: Type.ADDED, wukong }),
	);
	return [message(Type.RESET, ""), ...added, synced];
}
