import { appendFile } from "node:fs/promises";
import type { Writable } from "node:stream";
import type { Clock, Timer } from "../clock.ts";
import type { AuditRecord, AuditTrail } from "../service/interceptors/audit.ts";

/** Refusals of an address for which no lines were written: so many came that cost their caller nothing. */
export interface AuditSummary {
	/** RFC 3339. */
	readonly time: string;
	/** Of IPv6 the first 64 bits; left out: of all other addresses. */
	readonly address?: string;
	readonly outcome: "refused";
	readonly unwritten: number;
}

/** The audit log of one service. */
export interface AuditLog extends AuditTrail {
	write(record: AuditRecord | AuditSummary): void;
	/** Tries whether lines can be written. @throws what the system says */
	start(): Promise<void>;
	/** Writes what is waiting, once. */
	close(): Promise<void>;
	/** Says that lines cannot be written, or were lost, in one line; undefined: neither. */
	trouble(): string | undefined;
}

/** Hears what becomes of the lines. */
export interface AuditObserver {
	/** The first write since the last good one has failed. */
	auditFailed(error: unknown): void;
	auditRecovered(): void;
	auditLost(lines: number): void;
}

/** Appends text, whole lines, to where they are kept. */
export type AppendText = (text: string) => Promise<void>;

/** Most text that waits to be written, in characters: some 30,000 lines. */
const maxWaitingLength = 8 * 1_024 * 1_024;

/** Time to the next try after one that has failed, in milliseconds. */
const retryMs = 1_000;

/**
 * Creates the audit log. A call leaves its line and goes on: what waits is written together, one write at
 * a time. Where that fails, it waits within a bound and is tried again; what is beyond that is lost, and
 * counted.
 * @param isRequired nothing may be done while lines cannot be written
 */
export function createAuditLog(options: {
	readonly append: AppendText;
	readonly isRequired: boolean;
	readonly clock: Clock;
	readonly observer: AuditObserver;
}): AuditLog {
	const { append, isRequired, clock, observer } = options;
	let waiting: string[] = [];
	let waitingLength = 0;
	let lost = 0;
	let hasFailed = false;
	let writing: Promise<void> | undefined;
	let timer: Timer | undefined;
	let isClosed = false;

	const writeAll = async (): Promise<void> => {
		while (waiting.length > 0) {
			const lines = waiting;
			waiting = [];
			waitingLength = 0;
			const text = lines.join("");
			try {
				// What failed may have left half a line.
				await append(hasFailed ? `\n${text}` : text);
			} catch (error) {
				if (!hasFailed) observer.auditFailed(error);
				hasFailed = true;
				waiting = [...lines, ...waiting];
				waitingLength += text.length;
				return;
			}
			if (hasFailed) observer.auditRecovered();
			hasFailed = false;
		}
	};
	const flush = (): void => {
		if (writing !== undefined) return;
		writing = writeAll().finally(() => {
			writing = undefined;
			if (waiting.length > 0 && !isClosed) timer ??= clock.setTimer(retryMs, retry);
		});
	};
	const retry = (): void => {
		timer = undefined;
		flush();
	};

	return {
		get isOpen() {
			return !isRequired || !(hasFailed || waitingLength >= maxWaitingLength);
		},
		write(record: AuditRecord | AuditSummary) {
			const line = `${JSON.stringify(record)}\n`;
			if (waitingLength + line.length > maxWaitingLength) {
				lost++;
				observer.auditLost(1);
				return;
			}
			waiting.push(line);
			waitingLength += line.length;
			// While it fails, the clock says when to try again.
			if (timer === undefined) flush();
		},
		start: () => append(""),
		async close() {
			isClosed = true;
			timer?.cancel();
			timer = undefined;
			await writing;
			flush();
			await writing;
		},
		trouble() {
			if (hasFailed) return "the audit log cannot be written";
			return lost > 0 ? `${lost} lines of the audit log are lost` : undefined;
		},
	};
}

/** Appends to a file, which may be moved away at any time: it is opened for each write. */
export function appendToFile(file: string): AppendText {
	return (text) => appendFile(file, text, { mode: 0o600 });
}

/** Appends to a stream that is open, as standard output is. */
export function appendToStream(stream: Writable): AppendText {
	return (text) =>
		new Promise((resolve, reject) => {
			stream.write(text, (error) => (error == null ? resolve() : reject(error)));
		});
}
