import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { ApiObject, ObjectRef } from "../resource/object.ts";

/**
 * Names one of the upstream kinds that an object is joined from, by its place in a version: 0 is the
 * object's own (the Wukong), 1 the VirtualMachine of KubeVirt, 2 its VirtualMachineInstance. Each
 * has versions of its own; those of different kinds are never compared.
 */
export type KindIndex = 0 | 1 | 2;

/**
 * The upstream objects that one object is joined from, by `KindIndex`, as the store keeps them: the log
 * looks into none. Immutable. Each knows its version, and one that is absent since when that is known.
 */
export type Sources = readonly unknown[];

/**
 * One committed change of one object, by default a Wukong. Changes and the messages in them are
 * immutable and shared by all readers. Where an object is joined from several kinds, a change of any
 * of them is a change of the joined object, in the order in which this process saw them. Kinds other
 * than 0 only modify; an upstream change that touches several objects (a VM that has a new owner) is
 * one change each.
 */
export interface Change<T extends ObjectRef = Wukong> {
	/** Kind whose object changed, and in whose history the versions of this change are. Default 0. */
	readonly kind?: KindIndex | undefined;
	/**
	 * Position in the history of its kind; rises from change to change of that kind, but for changes
	 * found by one relist, or made by one change of upstream, which all have the same.
	 */
	readonly version: bigint;
	/**
	 * Version that the event of this change tells clients to resume from. Equal to
	 * `version`, but where several changes have the same: all of these but the last carry
	 * the version before them (of a relist: before the gap), because a resume between them must see all.
	 * They come in one `append`.
	 */
	readonly resumeVersion: bigint;
	/**
	 * Set on changes found by a relist: the version of its kind before the gap. What happened in
	 * between is not known, so nobody can resume from in between.
	 */
	readonly gapAfter?: bigint | undefined;
	/** Wall-clock time of the news, in milliseconds since 1970. */
	readonly timeMs: number;
	/** The new state; for a deletion the last state, with delete_time set. */
	readonly object: T;
	/** The state before; undefined where the object is new. */
	readonly previous: T | undefined;
	/** The object is gone. Only of kind 0. */
	readonly deleted: boolean;
	/**
	 * False where a kept field of the kind's object changed, but nothing that callers see of the joined
	 * object besides its version: it takes history, and is not told. Default true. A change of no kept
	 * field is no change at all: the store only advances.
	 */
	readonly hasNews?: boolean | undefined;
	/**
	 * What `object` is joined from; set where there are several kinds. A page of an older version is joined
	 * anew from the sources of each kind at that version (`ChangeFeed.join`).
	 */
	readonly sources?: Sources | undefined;
	/** What `previous` is joined from; set where `sources` and `previous` are. */
	readonly previousSources?: Sources | undefined;
}

/** Limits of the history that is kept for clients that resume; the narrowest counts. */
export interface HistoryLimits {
	/** Number of changes. */
	readonly maxChanges: number;
	/** Age of a change in milliseconds. */
	readonly maxAgeMs: number;
	/**
	 * Bytes that changes take where they are kept, with the states before them: a few large objects
	 * that change all the time must not fill it. The newest change is kept in any case.
	 */
	readonly maxBytes: number;
}

/** Currency of the store's picture. */
export interface Freshness {
	/** Milliseconds since upstream last proved this current; 0 where there is no upstream. */
	readonly lagMs: number;
	/** Set while upstream is silent: milliseconds since 1970 that the data is from. */
	readonly staleSinceMs: number | undefined;
	/** What is wrong upstream, in words for operators; undefined: nothing is known. */
	readonly trouble?: string | undefined;
	/** What else operators may want to know, a line each, in words; `/readyz?verbose` shows it. */
	readonly notes?: readonly string[] | undefined;
	/**
	 * Set while the store takes no write: why, in words for operators. The process
	 * wants no calls then.
	 */
	readonly unwritable?: string | undefined;
}

/** Everything a store knows when it starts (or starts over). */
export interface StoreState<T extends ObjectRef = Wukong> {
	/** Objects at `head`, all of them, in any order. */
	readonly objects: readonly T[];
	/** The newest version, of kind 0. */
	readonly head: bigint;
	/** Changes after `base` up to `head`, of each kind, oldest first, none missing. */
	readonly history: readonly Change<T>[];
	/** Version before the first change of `history`, of kind 0; `head` where that has none. */
	readonly base: bigint;
	/**
	 * Head and base of the kinds after 0, in their order; their number is the mode of the store until
	 * the next load. Default: none, an object is of one kind.
	 */
	readonly joined?: readonly KindHistory[] | undefined;
}

/** The part of a history that one kind has in it. */
export interface KindHistory {
	/** The newest version. */
	readonly head: bigint;
	/** Version before the kind's first change in the history; `head` where that has none. */
	readonly base: bigint;
}

/** Receiver of what a store knows. Called by that store alone, in order. */
export interface Sink<T extends ObjectRef = Wukong> {
	/** Replaces everything. A second call means that the store has started over, and so do streams. */
	load(state: StoreState<T>): void;
	/** Adds committed changes, oldest first, all newer than anything before of their kind. */
	append(changes: readonly Change<T>[]): void;
	/**
	 * Moves the head of one kind on to `version`, up to which nothing happened (a bookmark).
	 * @param kind default 0
	 * @param gapAfter set where a relist found nothing: the version before the gap. What came and went in
	 * between is not known
	 */
	advance(version: bigint, kind?: KindIndex, gapAfter?: bigint): void;
}

/** The reading side of a store: it loads a sink with the objects of one kind and keeps it current. */
export interface ChangeFeed<T extends ApiObject = Wukong> {
	/**
	 * True where a version is only ever that of a change, the head or the base, and nothing is
	 * ahead of the sink: a token with any other version belongs to another history of the store.
	 */
	readonly exactVersions: boolean;
	/** Loads the sink, then keeps it current. Resolves when the sink is loaded. */
	start(sink: Sink<T>): Promise<void>;
	/** Returns how current the sink is. */
	freshness(): Freshness;
	/**
	 * Asks the store itself for its newest version.
	 * @param atLeast a version that the sink lacks and someone waits for: where the store has it,
	 * it brings the sink there
	 * @param kind the kind that is asked about. Default 0
	 */
	newestVersion(signal: AbortSignal, atLeast?: bigint, kind?: KindIndex): Promise<bigint>;
	/**
	 * Joins an object anew, as it was at some versions of its kinds: pure, and equal sources make equal
	 * objects. Undefined where there is no object of kind 0. Needed where changes have sources.
	 */
	join?(sources: Sources): T | undefined;
}
