import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";

/** Errors that mean: what SQLite writes beside it would fail as well. */
const refusals: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

const blockBytes = 64 * 1_024;

/**
 * Tries whether the disk takes so many bytes more, with a file beside the data file that is
 * removed again. A commit alone does not tell: in the log there may be room for a small one and
 * for nothing else.
 * @throws what the system says where it refuses. Whatever else keeps the file from being made (a
 * folder that takes no new files) says nothing of the data file, and is passed over.
 */
export function tryRoom(dataPath: string, bytes: number): void {
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
