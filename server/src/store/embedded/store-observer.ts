import type { CommitError } from "./commit-error.ts";

/** Told of what keeps the embedded store from writing; for logs and metrics. */
export interface StoreObserver {
	/** A commit, or the probe for one, failed. */
	commitFailed(error: CommitError): void;
	/** The first one failed after one that did not: writes fail until `writable`. */
	unwritable(error: CommitError): void;
	/** A commit or a probe succeeded again. */
	writable(): void;
}
