import type { WukongStatus } from "@novasphere/wukong-gen/wukong";

/** Result of one reconciliation of a VM. */
export interface ReconcileResult {
	/** The new status; the one that the Wukong has where nothing is new. */
	readonly status: WukongStatus;
	/** The deletion is complete: the finalizer is off, the VM is gone. */
	readonly finalized: boolean;
	/** Time to look again, in milliseconds since 1970; undefined: not before the next change. */
	readonly wakeAtMs: number | undefined;
	/** Time to wait before the new status is written, in milliseconds. Default: none. */
	readonly holdMs?: number;
	/** The write of the new status drops what is false in spec. Default: false. */
	readonly dropsZeroValues?: boolean;
}
