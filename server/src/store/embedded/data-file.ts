import {
	accessSync,
	closeSync,
	constants,
	fsyncSync,
	mkdirSync,
	openSync,
	rmSync,
	type Stats,
	statSync,
	writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { StoreOpenError } from "./storage-error.ts";

/**
 * Creates a data file and its folder where they are missing, for their owner only: it holds
 * credentials. An existing one is checked but not opened: closing it would release the locks that
 * this process holds on it (POSIX).
 * @throws StoreOpenError where it cannot be a data file; else what the system says
 */
export function ensureDataFile(dataPath: string): void {
	const stats = statOf(dataPath);
	if (stats === undefined) {
		ensureFolder(dirname(dataPath), dataPath);
		createFile(dataPath);
	} else {
		if (stats.isDirectory()) throw unusable(dataPath, "it is a folder; name a file in it");
		// Reading a pipe or a device may never end.
		if (!stats.isFile()) throw unusable(dataPath, "it is no regular file");
		accessSync(dataPath, constants.R_OK | constants.W_OK);
	}
}

function createFile(dataPath: string): void {
	try {
		closeSync(openSync(dataPath, "wx", 0o600));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		// A link to nothing: SQLite would create what it names, readable by everybody.
		if (statOf(dataPath) === undefined) {
			throw unusable(dataPath, "it is a link to a file that is not there", error);
		}
	}
}

/**
 * Node's own recursive mkdir never ends where a folder that exists says that there is none, as in
 * /proc. This one asks for each folder once, on the way up and on the way down.
 */
function ensureFolder(path: string, dataPath: string): void {
	const stats = statOf(path);
	if (stats?.isDirectory()) return;
	if (stats !== undefined) throw unusable(dataPath, `${path} is no folder`);
	try {
		mkdirSync(path, { mode: 0o700 });
	} catch (error) {
		const parent = dirname(path);
		if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
		ensureFolder(parent, dataPath);
		mkdirSync(path, { mode: 0o700 });
	}
}

/** Returns undefined where there is nothing, or a link to nothing. */
function statOf(path: string): Stats | undefined {
	return statSync(path, { throwIfNoEntry: false });
}

function unusable(dataPath: string, problem: string, cause?: unknown): StoreOpenError {
	return new StoreOpenError("UNREACHABLE", dataPath, problem, cause);
}

/** Errors that SQLite would meet as well. */
const refusals: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

const blockBytes = 64 * 1_024;

/**
 * Checks whether the disk has space for so many bytes more, with a file beside the data file that is
 * removed again. A commit alone proves too little: the log may have space for a small one and
 * for nothing else.
 * @throws what the system says where it refuses. Whatever else keeps the file from being made (a
 * folder that takes no new files) says nothing of the data file, and is passed over.
 */
export function tryDiskSpace(dataPath: string, bytes: number): void {
	const path = `${dataPath}-room`;
	try {
		// "wx" follows no link that somebody may have laid there.
		rmSync(path, { force: true });
		const file = openSync(path, "wx", 0o600);
		try {
			const block = Buffer.alloc(blockBytes);
			for (let left = bytes; left > 0; )
				left -= writeSync(file, block, 0, Math.min(left, blockBytes));
			fsyncSync(file);
		} finally {
			closeSync(file);
			rmSync(path, { force: true });
		}
	} catch (error) {
		if (refusals.includes((error as NodeJS.ErrnoException).code)) throw error;
	}
}
