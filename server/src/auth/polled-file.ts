import { readFile, stat } from "node:fs/promises";
import type { Clock, Timer } from "../clock.ts";

/** Thrown where a file of the configuration cannot be used; the message is one line and names the file. */
export class PolledFileError extends Error {
	override readonly name = "PolledFileError";
}

/** Keeps what a file says, as long as it can be read. */
export interface PolledFile {
	/** Reads the file and starts to poll it. @throws PolledFileError; nothing is polled then */
	start(): Promise<void>;
	stop(): void;
	/** Says why the file is not used as it is now; undefined: it is. */
	readonly fault: string | undefined;
}

/** Time between two looks at a file, in milliseconds. */
const pollIntervalMs = 1_000;
/** Largest file that is read, in bytes. */
const maxFileBytes = 4 * 1_024 * 1_024;

/**
 * Creates the polling of one file: watchers miss the ways in which files and links are replaced, those
 * of mounted secrets among them. A file that cannot be used changes nothing and is reported once: the
 * old contents hold.
 */
export function createPolledFile(options: {
	readonly file: string;
	/** Takes the text, at the start and whenever it has changed. @throws PolledFileError where it cannot be used */
	readonly use: (text: string) => void;
	/** Hears of a file that was used before and cannot be used now. */
	readonly onFault: (error: unknown) => void;
	readonly clock: Clock;
}): PolledFile {
	const { file, use, onFault, clock } = options;
	let timer: Timer | undefined;
	let isStopped = false;
	let last: string | undefined;
	let fault: string | undefined;

	async function look(): Promise<void> {
		try {
			const text = await readText(file);
			if (isStopped) return;
			if (text !== last) use(text);
			last = text;
			fault = undefined;
		} catch (error) {
			const words = error instanceof Error ? error.message : String(error);
			if (words !== fault) onFault(error);
			fault = words;
		}
		again();
	}

	function again(): void {
		if (!isStopped) timer = clock.setTimer(pollIntervalMs, () => void look());
	}

	return {
		async start() {
			last = await readText(file);
			use(last);
			again();
		},
		stop() {
			isStopped = true;
			timer?.cancel();
		},
		get fault() {
			return fault;
		},
	};
}

async function readText(file: string): Promise<string> {
	try {
		const found = await stat(file);
		// Reading a pipe may never end, and nothing could end the process then.
		if (!found.isFile()) throw Object.assign(new Error(), { code: "it is no file" });
		if (found.size > maxFileBytes) {
			throw Object.assign(new Error(), { code: `it has more than ${maxFileBytes} bytes` });
		}
		return await readFile(file, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new PolledFileError(`${file} cannot be read: ${code}`, { cause: error });
	}
}
