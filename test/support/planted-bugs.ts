import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { Cursor } from "../../server/src/watch/cursor.ts";
import { shows } from "../../server/src/watch/filter.ts";
import { ScopeIndex } from "../../server/src/watch/scope-index.ts";
import { View } from "../../server/src/watch/view.ts";

type WukongView = View<Wukong, WukongEvent>;
type WukongCursor = Cursor<Wukong, WukongEvent>;

/** Faults that a watch could have; the property test must find each one. */
export const plantedBugs = [
	"drop one event in a thousand",
	"lose a delete on resume",
	"leak through a filter",
	"a live token inside the snapshot",
	"send an event twice on resume",
	"a heartbeat ahead of its stream",
	"a stalled reader is not woken",
	"a change that takes a VM out of a view wakes nobody",
	"a change wakes no stream of one name",
	"a change wakes no stream of one namespace",
	"a stream that nothing concerned is left at its old position",
] as const;

export type PlantedBug = (typeof plantedBugs)[number];

/** What the bug needs to know of the stream that it sits on. */
export interface BugSite {
	readonly resumed: boolean;
	/** The store's newest version. */
	head(): bigint;
	/** A number from 0 to 1. */
	random(): number;
	/** The newest event with a VM that any stream was sent. */
	otherEvent(): WukongEvent | undefined;
}

/** Turns the messages of one right stream into those of a faulty one. */
export function plant(bug: PlantedBug | undefined, site: BugSite) {
	let synced = false;
	let first = true;
	return (event: WukongEvent): WukongEvent[] => {
		const resuming = site.resumed && !synced;
		if (event.type === EventType.SYNCED) synced = true;
		const wasFirst = first;
		first = false;
		switch (bug) {
			case "drop one event in a thousand":
				return event.wukong !== undefined && site.random() < 0.001 ? [] : [event];
			case "lose a delete on resume":
				return resuming && event.type === EventType.DELETED ? [] : [event];
			case "leak through a filter": {
				const other = site.otherEvent();
				const leaks = event.type === EventType.MODIFIED && site.random() < 0.2;
				return leaks && other?.wukong !== undefined
					? [{ ...event, wukong: other.wukong }]
					: [event];
			}
			case "a live token inside the snapshot":
				return event.type === EventType.ADDED && event.time === undefined
					? [{ ...event, resourceVersion: `${site.head()}` }]
					: [event];
			case "send an event twice on resume":
				return resuming && wasFirst && event.wukong !== undefined ? [event, event] : [event];
			case "a heartbeat ahead of its stream":
				return event.type === EventType.HEARTBEAT && synced
					? [{ ...event, resourceVersion: `${site.head()}` }]
					: [event];
			default:
				return [event];
		}
	};
}

/**
 * Puts in a bug that is in the watch itself, and not in one stream's messages.
 * @returns takes the bug out again; undefined: it is not of that sort
 */
export function plantInWatch(bug: PlantedBug): (() => void) | undefined {
	switch (bug) {
		case "a stalled reader is not woken":
			return plantStandingEnd();
		case "a change that takes a VM out of a view wakes nobody":
			return patch(View.prototype, "sees", function (this: WukongView, change) {
				return change.deleted || shows(this.filter, change.object);
			});
		case "a change wakes no stream of one name":
			return patch(
				ScopeIndex.prototype,
				"forEach",
				forEachBut(({ name }) => name !== ""),
			);
		case "a change wakes no stream of one namespace":
			return patch(
				ScopeIndex.prototype,
				"forEach",
				forEachBut(({ namespace, name }) => namespace !== "" && name === ""),
			);
		case "a stream that nothing concerned is left at its old position":
			return patch(Cursor.prototype, "skipTo", () => {});
		default:
			return undefined;
	}
}

/** A look-up by scope that passes over the views with such a filter. */
function forEachBut(isPassedOver: (filter: WukongView["filter"]) => boolean) {
	const right = ScopeIndex.prototype.forEach;
	return function (this: ScopeIndex<WukongView>, ...[object, callback]: Parameters<typeof right>) {
		right.call(this, object, (view) => {
			if (!isPassedOver((view as WukongView).filter)) callback(view);
		});
	};
}

function patch<T, K extends keyof T>(prototype: T, name: K, wrong: T[K]): () => void {
	const right = prototype[name];
	prototype[name] = wrong;
	return () => {
		prototype[name] = right;
	};
}

/**
 * Lets all streams believe what an older turn found: where one had said all there was, and then
 * says nothing but a due HEARTBEAT, what came in between stays unsaid.
 * @returns takes the bug out again
 */
export function plantStandingEnd(): () => void {
	const { next } = Cursor.prototype;
	const right = Object.getOwnPropertyDescriptor(Cursor.prototype, "isAtEnd") as PropertyDescriptor;
	const found = new WeakMap<WukongCursor, boolean>();
	Cursor.prototype.next = function (maxBytes) {
		const said = next.call(this, maxBytes);
		found.set(this, right.get?.call(this));
		return said;
	};
	Object.defineProperty(Cursor.prototype, "isAtEnd", {
		...right,
		get(this: WukongCursor) {
			return found.get(this) ?? false;
		},
	});
	return () => {
		Cursor.prototype.next = next;
		Object.defineProperty(Cursor.prototype, "isAtEnd", right);
	};
}
