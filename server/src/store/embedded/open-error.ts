/**
 * Why a data file cannot be used.
 * - LOCKED: another process uses it.
 * - NEWER: a newer release of this service wrote it.
 * - FOREIGN: it is not a data file of this service, or is damaged.
 * - UNREACHABLE: it cannot be opened or created.
 * - OLD_SQLITE: this Node brings an SQLite that may corrupt it.
 */
export type OpenErrorCode = "LOCKED" | "NEWER" | "FOREIGN" | "UNREACHABLE" | "OLD_SQLITE";

/** The store cannot start. The message is one line for the operator of the service. */
export class StoreOpenError extends Error {
	override readonly name = "StoreOpenError";
	readonly code: OpenErrorCode;
	/** The data file, as configured. */
	readonly dataPath: string;
	/** What is wrong with it, without the path. */
	readonly problem: string;

	constructor(code: OpenErrorCode, dataPath: string, problem: string, cause?: unknown) {
		super(`cannot open the data file ${dataPath}: ${problem}`, { cause });
		this.code = code;
		this.dataPath = dataPath;
		this.problem = problem;
	}
}
