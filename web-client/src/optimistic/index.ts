import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import type { WriteOptions } from "../calls.ts";
import type { WukongClient } from "../client.ts";
import { type Clock, createEnvironment, type Timer } from "../live/environment.ts";
import type { LiveList } from "../live/live-list.ts";
import { keyOf } from "../live/watch-state.ts";
import { type Ref, refOf } from "../wukong.ts";
import type { Edit } from "./edit.ts";
import { type Effect, leaving, switched, updated } from "./effects.ts";
import { createOverlay, type Overlay } from "./overlay.ts";

/** How long to show what a call has made. */
export interface OptimisticOptions {
	/**
	 * A live list that has not heard of an answered call after so long, in milliseconds, is shown as it
	 * is. Default: 10,000.
	 */
	readonly confirmMs?: number;
	/** For tests. Default: the machine's own. */
	readonly clock?: Clock;
}

/**
 * A client whose live lists show its own `start`, `stop`, `delete` and `update` at once, before the
 * service has answered, and take them back where the call fails. A VM is among `pending` of a snapshot until
 * the list has heard of the change, or the call has failed; `restart`, `pause` and `resume` are pending until they
 * are answered. Pages that do not import it do not carry it.
 *
 * No list flashes back to the state before: it shows the change until the watch has brought it, or something
 * newer, however late that is against the answer. A function that is given to `update` may be called
 * more often than once for each state.
 *
 * @example
 * const client = optimistic(createWukongClient());
 * client.liveList().subscribe(({ items, pending }) => show(items, pending));
 * await client.stop("web-1");
 */
export function optimistic(client: WukongClient, options: OptimisticOptions = {}): WukongClient {
	const { confirmMs = 10_000, clock = createEnvironment().clock } = options;
	const overlays = new WeakMap<LiveList, Overlay>();
	const inUse = new Set<Overlay>();
	const unanswered = new Set<Edit>();
	const timers = new Map<Edit, Timer>();

	const use = (overlay: Overlay) => {
		if (!overlay.isInUse) return void inUse.delete(overlay);
		inUse.add(overlay);
		for (const edit of unanswered) overlay.add(edit);
	};
	const overlayOf = (list: LiveList): Overlay => {
		const overlay = overlays.get(list) ?? createOverlay(list, use);
		overlays.set(list, overlay);
		return overlay;
	};
	const review = (edit: Edit, hasFailed = false) => {
		for (const overlay of [...inUse]) {
			overlay.review(edit, hasFailed);
			use(overlay);
		}
	};
	const follow = async (edit: Edit, call: Promise<Wukong>): Promise<Wukong> => {
		unanswered.add(edit);
		for (const overlay of inUse) overlay.add(edit);
		let hasFailed = true;
		try {
			edit.answer = await call;
			edit.uid ??= edit.answer.uid;
			hasFailed = edit.show === undefined;
			return edit.answer;
		} finally {
			unanswered.delete(edit);
			review(edit, hasFailed);
			const expire = () => {
				edit.isExpired = true;
				timers.delete(edit);
				review(edit);
			};
			if (edit.waiting.size > 0) timers.set(edit, clock.setTimer(confirmMs, expire));
		}
	};

	/** @param home where the client alone calls; empty: anywhere */
	const wrap = (plain: WukongClient, home: string): WukongClient => {
		/** Shows a call that has been made. */
		const show = (
			[ref, { validateOnly = false }]: readonly [Ref, WriteOptions],
			call: Promise<Wukong>,
			effect?: Effect,
			raisesGeneration = true,
		) => {
			const { namespace, name } = refOf(ref);
			// It fails.
			const isElsewhere = home !== "" && namespace !== "" && namespace !== home;
			if (validateOnly || isElsewhere) return call;
			const edit: Edit = {
				key: keyOf({ namespace: namespace || home || "default", name }),
				show: effect,
				raisesGeneration,
				uid: undefined,
				answer: undefined,
				isExpired: false,
				waiting: new Set(),
				heard: new WeakSet(),
				onHeard() {
					timers.get(edit)?.cancel();
					timers.delete(edit);
				},
			};
			return follow(edit, call);
		};
		return {
			...plain,
			start: (ref, given = {}) => show([ref, given], plain.start(ref, given), switched(true)),
			stop: (ref, given = {}) => show([ref, given], plain.stop(ref, given), switched(false)),
			delete: (ref, given = {}) =>
				show([ref, given], plain.delete(ref, given), leaving(clock.nowMs())),
			update: (ref, change, given = {}) =>
				show([ref, given], plain.update(ref, change, given), updated(change), false),
			restart: (ref, given = {}) => show([ref, given], plain.restart(ref, given)),
			pause: (ref, given = {}) => show([ref, given], plain.pause(ref, given)),
			resume: (ref, given = {}) => show([ref, given], plain.resume(ref, given)),
			liveList: (query) => overlayOf(plain.liveList(query)).list,
			namespace: (name) => wrap(plain.namespace(name), name),
			close() {
				plain.close();
				for (const timer of timers.values()) timer.cancel();
				timers.clear();
			},
		};
	};
	return wrap(client, "");
}
