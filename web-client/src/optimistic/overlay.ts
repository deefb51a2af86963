import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import type { LiveList } from "../live/live-list.ts";
import type { LiveSnapshot } from "../live/snapshot.ts";
import { keyOf } from "../live/watch-state.ts";
import { tellAll } from "../tell.ts";
import { type Edit, type Story, tell, unheard } from "./edit.ts";

/** A live list that shows edits before it hears of them. */
export interface Overlay {
	readonly list: LiveList;
	/** Somebody looks at it, or it waits for an edit. */
	readonly isInUse: boolean;
	/** Shows an edit from now on. */
	add(edit: Edit): void;
	/** An edit has failed, was answered, or has expired: looks again. */
	review(edit: Edit, hasFailed: boolean): void;
}

/** @param onUse told when that may have changed */
export function createOverlay(inner: LiveList, onUse: (overlay: Overlay) => void): Overlay {
	const stories = new Map<string, Story>();
	const listeners = new Set<(snapshot: LiveSnapshot) => void>();
	let from: LiveSnapshot | undefined;
	let shown = inner.getSnapshot();
	/** What became of each VM that has an edit, while neither changes. */
	const made = new WeakMap<Wukong, { readonly edits: readonly Edit[]; readonly wukong: Wukong }>();

	inner.onChange(({ type, wukong }) => {
		const story = stories.get(keyOf(wukong));
		if (story === undefined) return;
		story.isGone = type === "DELETED";
		if (!story.isGone) tell(story, wukong);
	});

	const keep = (key: string, story: Story, edits: Story["edits"]) => {
		for (const one of story.edits) {
			const [{ waiting, heard, onHeard }] = one;
			if (edits.includes(one)) continue;
			waiting.delete(overlay);
			heard.add(overlay);
			if (waiting.size === 0) onHeard();
		}
		story.edits = edits;
		if (edits.length === 0) stories.delete(key);
	};
	const withEdits = (wukong: Wukong, edits: readonly Edit[]): Wukong => {
		const known = made.get(wukong);
		if (known !== undefined && isSame(known.edits, edits)) return known.wukong;
		let next = wukong;
		for (const { show, uid = wukong.uid } of edits) {
			try {
				if (uid === wukong.uid) next = show?.(next) ?? next;
			} catch {
				// A caller's function that this state is not made for: the call itself will say so.
			}
		}
		made.set(wukong, { edits, wukong: next });
		return next;
	};
	const lay = (snapshot: LiveSnapshot): LiveSnapshot => {
		const replaced = new Map<Wukong, Wukong>();
		const byKey = new Map(snapshot.byKey);
		const pending = new Set<string>();
		for (const [key, story] of stories) {
			const wukong = snapshot.byKey.get(key);
			const isCurrent = snapshot.status === "live" || listeners.size === 0;
			const edits = unheard(story, wukong);
			keep(key, story, isCurrent ? edits.filter(([edit]) => !edit.isExpired) : edits);
			if (wukong === undefined || story.edits.length === 0) continue;
			const next = withEdits(
				wukong,
				story.edits.map(([edit]) => edit),
			);
			replaced.set(wukong, next);
			byKey.set(key, next);
			pending.add(key);
		}
		if (pending.size === 0) return snapshot;
		const items = snapshot.items.map((wukong) => replaced.get(wukong) ?? wukong);
		return { ...snapshot, items, byKey, pending };
	};
	const getSnapshot = () => {
		const snapshot = inner.getSnapshot();
		if (snapshot !== from) shown = lay(snapshot);
		from = snapshot;
		return shown;
	};
	const look = () => {
		from = undefined;
		getSnapshot();
		tellAll(listeners, shown);
	};

	const overlay: Overlay = {
		get isInUse() {
			return listeners.size > 0 || stories.size > 0;
		},
		add(edit) {
			const wukong = inner.getSnapshot().byKey.get(edit.key);
			const story = stories.get(edit.key) ?? {
				told: wukong === undefined ? [] : [wukong],
				isGone: false,
				edits: [],
			};
			// What it has heard of before the answer must not come back.
			if (edit.waiting.has(overlay) || edit.heard.has(overlay)) return;
			const before = story.told.at(-1);
			edit.uid ??= before?.uid;
			edit.waiting.add(overlay);
			story.edits = [...story.edits, [edit, before]];
			stories.set(edit.key, story);
			look();
		},
		review(edit, hasFailed) {
			const story = stories.get(edit.key);
			if (story === undefined || !edit.waiting.has(overlay)) return;
			if (hasFailed) {
				keep(
					edit.key,
					story,
					story.edits.filter(([other]) => other !== edit),
				);
			}
			look();
		},
		list: {
			getSnapshot,
			subscribe(listener) {
				const own = () => listener(getSnapshot());
				listeners.add(own);
				onUse(overlay);
				const leave = inner.subscribe(own);
				return () => {
					listeners.delete(own);
					leave();
					from = undefined;
					getSnapshot();
					onUse(overlay);
				};
			},
			ready: () => inner.ready().then(getSnapshot),
			refresh: inner.refresh,
			onChange: inner.onChange,
			get isIdle() {
				return inner.isIdle;
			},
		},
	};
	return overlay;
}

function isSame(a: readonly Edit[], b: readonly Edit[]): boolean {
	return a.length === b.length && a.every((edit, index) => edit === b[index]);
}
