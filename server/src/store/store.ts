import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Principal } from "../caller.ts";
import type { FieldViolation } from "../failure.ts";
import type { ObjectRef } from "../resource/object.ts";
import type { ChangeFeed } from "./change-feed.ts";

/** What an edit does to one credential, whose value it never sees. */
export type CredentialChange =
	| { readonly action: "keep" }
	| { readonly action: "set"; readonly value: string }
	| { readonly action: "clear" };

/** The outcome of an edit. */
export interface Edit {
	/**
	 * The whole new state without credentials. labels, annotations (without hidden
	 * ones) and spec count; everything else is taken from the store.
	 */
	readonly next: Wukong;
	readonly password: CredentialChange;
	readonly passwordHash: CredentialChange;
	/**
	 * True: who moves the VM must look at it again, also where `next` is what is stored already. It
	 * is set by a Start whose wish stands while the VM was stopped from outside, and by a Stop while it
	 * was started. A store whose
	 * operator sleeps until its object changes then writes a note of its own, which no caller sees.
	 * Default: false.
	 */
	readonly wakeOperator?: boolean;
	/**
	 * Milliseconds that the guest has for the stop that this edit wishes for, or that is under way
	 * already; 0: its power is cut at once. A stop is only ever shortened. It is set also where
	 * `next` is what is stored already. A store that cannot do it fails with NOT_SUPPORTED before it
	 * writes anything; a VM that is off is no fault, nothing is done then. Default: the VM's own.
	 */
	readonly gracePeriodMs?: number | undefined;
}

/** What is done to a VM that runs, beside its spec: no wish is changed by it. */
export type Action =
	/** Freezes it in memory. Needs a VM that runs; one that is paused already is no fault. */
	| { readonly kind: "pause" }
	/** Lets it go on. Needs a VM that is paused; one that runs is no fault. */
	| { readonly kind: "resume" }
	/**
	 * Restarts it. Needs a VM that runs or, but for `soft` and `reset`, is paused.
	 *
	 * - `graceful`: the guest shuts down within the VM's own grace period, then it is started again;
	 * - `force`: its power is cut, then it is started again;
	 * - `soft`: the guest reboots by itself, where it runs;
	 * - `reset`: as by the reset button, where it runs.
	 */
	| { readonly kind: "restart"; readonly mode: RestartMode };

/** Way of a restart; see `Action`. */
export type RestartMode = "graceful" | "force" | "soft" | "reset";

/** Options of an action. */
export interface ActionOptions extends WriteOptions {
	/**
	 * Judges the caller's preconditions (uid, version, no deletion): gets the current published state
	 * and may throw. May be called again where the store has to look again.
	 */
	readonly check: (current: Wukong) => void;
}

/** The outcome of an action. */
export interface ActionResult {
	/** The VM after the action, as far as it is observed by then. */
	readonly wukong: Wukong;
	/**
	 * False: it was so already, and nothing was done. Always true for a restart. With `validateOnly`:
	 * what would be.
	 */
	readonly changed: boolean;
}

/** Options that all writes have. */
export interface WriteOptions {
	/** True: check everything, store nothing. */
	readonly validateOnly: boolean;
	/**
	 * Aborts when the caller leaves or its deadline passes. A write already under way is not undone.
	 */
	readonly signal: AbortSignal;
	/** Milliseconds until the caller's deadline; undefined, as when it is absent: there is none. */
	readonly remainingMs?: () => number | undefined;
	/** Who asks for it; undefined, as when it is absent: nobody was asked. */
	readonly principal?: Principal | undefined;
}

/** Options of a deletion. */
export interface RemoveOptions extends WriteOptions {
	/**
	 * True: the caller wants the object gone whatever its state, so that no write of others that comes
	 * in between is a conflict. Default: what is deleted is as it was checked.
	 */
	readonly anyState?: boolean;
}

/** Options of a creation. */
export interface CreateOptions extends WriteOptions {
	/** Makes a retry return the first VM; empty: none. */
	readonly requestId: string;
	/** Digest of the request's content without credentials; kept beside `requestId`. */
	readonly fingerprint: string;
}

/**
 * A store of VMs: it feeds a sink and takes writes. A write is answered when its own change has
 * passed the sink, so that later reads see it. Where the store is elsewhere and its change cannot be
 * read in time, within some seconds and the caller's deadline, the write is answered all the same: it
 * was stored. All objects that come out are public views: immutable, without credentials or hidden
 * annotations, with effective start strategy and power state. Writes fail with `Failure`, or with the reason of their signal.
 */
export interface Store extends ChangeFeed {
	/**
	 * Stores a new Wukong, given with its credentials and a namespace, complete and
	 * checked. @throws WUKONG_ALREADY_EXISTS, REQUEST_ID_REUSED, NAMESPACE_NOT_FOUND
	 */
	create(wukong: Wukong, options: CreateOptions): Promise<Wukong>;
	/**
	 * Changes one Wukong. `edit` gets the current published state, may throw, and
	 * may be called again after a conflict; undefined or an equal state writes
	 * nothing. @throws WUKONG_NOT_FOUND
	 */
	edit(
		ref: ObjectRef,
		edit: (current: Wukong) => Edit | undefined,
		options: WriteOptions,
	): Promise<Wukong>;
	/**
	 * Begins a deletion. `check` gets the current state and may throw. Where it is
	 * under way already, nothing is written. @throws WUKONG_NOT_FOUND
	 * @returns the last state with delete_time, and a version at which reads see the deletion.
	 */
	remove(
		ref: ObjectRef,
		check: (current: Wukong) => void,
		options: RemoveOptions,
	): Promise<{ readonly wukong: Wukong; readonly version: bigint }>;
	/**
	 * Does something to a VM that runs. Whether it runs is judged by the store, after `check`: by
	 * whoever does the action, where that is another program, because what is published may be late.
	 * So two callers with one action are both answered, the later with `changed` false, and a refusal
	 * that says "it is so already" is none.
	 *
	 * The action is begun when the promise resolves, not necessarily done: a graceful restart goes on
	 * for as long as the guest takes. As with a write, its change has passed the sink where it comes
	 * in time. With `validateOnly` everything is checked, by a dry run where there is one, and nothing
	 * is done. An aborted signal does not undo what was asked for already.
	 * @throws what `options.check` throws; WUKONG_NOT_FOUND; WUKONG_NOT_RUNNING where the VM is not in a state
	 * that the action needs; NOT_SUPPORTED where this store, or its cluster, cannot do it at all;
	 * PERMISSION_DENIED; UPSTREAM_UNAVAILABLE (surely not done); WRITE_OUTCOME_UNKNOWN (asked for, and
	 * no answer came)
	 */
	act(ref: ObjectRef, action: Action, options: ActionOptions): Promise<ActionResult>;
	/**
	 * Lists the fields of a VM that is created, or is the outcome of an edit, which are taken without
	 * the effect they should have: they are dropped, or nobody acts on them. Default: there are none.
	 */
	warningsOf?(wukong: Wukong): readonly FieldViolation[];
	/** Ends all work; what was acknowledged stays stored. */
	close(): Promise<void>;
}
