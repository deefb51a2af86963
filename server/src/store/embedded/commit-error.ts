/**
 * A commit failed.
 */
export class CommitError extends Error {
	override readonly name = "CommitError";
	/**
	 * False: surely nothing was written, and the next commit may succeed (a full disk).
	 * True: what is on disk is not known (an I/O error); the store must not go on,
	 * because after a failed fsync the system may have dropped what it had not written.
	 */
	readonly lasting: boolean;

	constructor(lasting: boolean, problem: string, cause?: unknown) {
		super(problem, { cause });
		this.lasting = lasting;
	}
}
