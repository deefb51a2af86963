/**
 * The reason that a commit failed, by SQLite's result code (https://sqlite.org/rescode.html).
 *
 * Surely nothing was written, and a later commit may succeed:
 * - FULL: there is no room (SQLITE_FULL).
 * - READ_ONLY: the file can only be read (SQLITE_READONLY).
 * - WRITE: the system refused a write before the commit was complete (SQLITE_IOERR_WRITE): a
 *   quota, or a file system that was made read-only under an open file.
 * - OTHER: anything else that SQLite rolled back.
 *
 * What is on the disk is not known; nothing may be written on top of it, because after a failed
 * fsync the system may have dropped what it had not written:
 * - IO: any other input or output failed (SQLITE_IOERR), or a commit could not be rolled back.
 * - DAMAGED: the file is no intact database any more (SQLITE_CORRUPT, SQLITE_NOTADB).
 * - GONE: what commits has ended or fails in an unknown way.
 */
export type CommitErrorCode = "FULL" | "READ_ONLY" | "WRITE" | "OTHER" | "IO" | "DAMAGED" | "GONE";

/** Explains each code to operators. */
export const commitErrorWords: Readonly<Record<CommitErrorCode, string>> = {
	FULL: "the disk is full",
	READ_ONLY: "the data file can only be read",
	WRITE:
		"the system refuses to write the data file (is there a quota, or a read-only file system?)",
	OTHER: "the last commit failed",
	IO: "the disk fails",
	DAMAGED: "the data file is damaged",
	GONE: "the database has ended",
};

const lastingCodes: readonly CommitErrorCode[] = ["IO", "DAMAGED", "GONE"];

/** Reports a failed commit. */
export class CommitError extends Error {
	override readonly name = "CommitError";
	readonly code: CommitErrorCode;

	constructor(code: CommitErrorCode, problem: string, cause?: unknown) {
		super(problem, { cause });
		this.code = code;
	}

	/**
	 * False: surely nothing was written, and the next commit may succeed.
	 * True: what is on the disk is not known; the store must not go on.
	 */
	get lasting(): boolean {
		return lastingCodes.includes(this.code);
	}
}

/**
 * The reason that a data file cannot be used.
 * - LOCKED: another process uses it.
 * - NEWER: a newer release of this service wrote it.
 * - FOREIGN: it is not a data file of this service, or is damaged.
 * - UNREACHABLE: it cannot be opened or created.
 * - OLD_SQLITE: this Node brings an SQLite that may corrupt it.
 */
export type OpenErrorCode = "LOCKED" | "NEWER" | "FOREIGN" | "UNREACHABLE" | "OLD_SQLITE";

/** Reports that the store cannot start. The message is one line for the operator of the service. */
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

/** Result codes of SQLite (https://sqlite.org/rescode.html), without their extended part. */
const resultCode = {
	busy: 5,
	readOnly: 8,
	ioError: 10,
	corrupt: 11,
	full: 13,
	notADatabase: 26,
};

/** The extended code of a write that failed, which comes before the fsync that makes it count. */
const ioErrorWrite = resultCode.ioError | (3 << 8);

function codeOf(error: unknown): number | undefined {
	const { errcode } = error as { errcode?: number };
	return errcode === undefined ? undefined : errcode & 0xff;
}

/** Returns the code of a commit that SQLite, or a probe for free space, failed with. */
export function commitErrorCode(error: unknown): CommitErrorCode {
	switch (codeOf(error)) {
		case resultCode.full:
			return "FULL";
		case resultCode.readOnly:
			return "READ_ONLY";
		case resultCode.ioError:
			return (error as { errcode: number }).errcode === ioErrorWrite ? "WRITE" : "IO";
		case resultCode.corrupt:
		case resultCode.notADatabase:
			return "DAMAGED";
		case undefined:
			return roomErrorCode(error);
		default:
			return "OTHER";
	}
}

/** Returns the code of a probe that the system itself refused. */
function roomErrorCode(error: unknown): CommitErrorCode {
	switch ((error as NodeJS.ErrnoException).code) {
		case "ENOSPC":
			return "FULL";
		case "EROFS":
			return "READ_ONLY";
		case "EDQUOT":
		case "EIO":
			return "WRITE";
		default:
			return "OTHER";
	}
}

/** Creates the error of a data file that SQLite cannot open or read. */
export function openError(dataPath: string, error: unknown): StoreOpenError {
	switch (codeOf(error)) {
		case resultCode.busy:
			return new StoreOpenError("LOCKED", dataPath, "another process uses it", error);
		case resultCode.corrupt:
		case resultCode.notADatabase:
			return new StoreOpenError("FOREIGN", dataPath, describe(error), error);
		default:
			return new StoreOpenError("UNREACHABLE", dataPath, describe(error), error);
	}
}

/** Returns the text of anything thrown. */
export function describe(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
