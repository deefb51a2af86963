import type { ObjectRef } from "../../resource/object.ts";

/** The time that the operator takes for each step. */
export interface OperatorTimings {
	/** Time from Pending until the volumes are bound, in milliseconds. Default 300. */
	readonly pendingMs: number;
	/** Time from Creating until the VM runs, in milliseconds. Default 1,000. */
	readonly creatingMs: number;
	/** Time from the wish to be off until the VM has stopped, in milliseconds. Default 500. */
	readonly stoppingMs: number;
	/** Time from Stopped until a deleted VM is cleaned up and gone, in milliseconds. Default 300. */
	readonly deletingMs: number;
}

/** The timings of the operator, and the storage classes of its cluster. */
export interface OperatorOptions extends OperatorTimings {
	/**
	 * Storage classes that exist; the default class, named by the empty string, always
	 * does. Default: longhorn, standard, local-path.
	 */
	readonly storageClasses?: readonly string[];
	/**
	 * True: there is no KubeVirt beside the store, so the simulator plays that, too, and status says
	 * what KubeVirt would. Default: false.
	 */
	readonly playsKubeVirt?: boolean;
	/**
	 * The operator that is played: one that does all that it should, or the public one as it is at commit
	 * 437e853, faults included (see `reconcilePublic`). Default: ideal.
	 */
	readonly profile?: OperatorProfile;
	/**
	 * Public operator: time from one change of a VM in error to the next, in milliseconds. Default 7.
	 */
	readonly errorLoopMs?: number;
	/**
	 * Public operator: tells that the run of a VM has failed, which it looks at whenever something touches
	 * the Wukong. Default: none ever does.
	 */
	readonly hasFailed?: (vm: ObjectRef) => boolean;
}

/** Operators that can be played; see `OperatorOptions.profile`. */
export const operatorProfiles = ["ideal", "public-437e853"] as const;
export type OperatorProfile = (typeof operatorProfiles)[number];

/** Short but visible steps: a new VM runs after 1.3 seconds. */
export const defaultTimings: OperatorTimings = {
	pendingMs: 300,
	creatingMs: 1_000,
	stoppingMs: 500,
	deletingMs: 300,
};

/** Storage classes that exist where the options name none. */
export const defaultStorageClasses: readonly string[] = ["longhorn", "standard", "local-path"];
