import type { Writable } from "node:stream";
import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Creates a logger that writes nothing. */
export function createSilentLogger(): Logger {
	return pino({ enabled: false });
}

/**
 * Creates the service's log: one JSON object a line.
 * @param level pino's level names, and `silent`
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
	return pino(
		{
			level,
			base: null,
			timestamp: pino.stdTimeFunctions.isoTime,
			formatters: { level: (label) => ({ level: label }) },
			serializers: { err: describeError },
		},
		destination,
	);
}

/** Most causes that are followed; more would not help. */
const maxCauses = 4;

/**
 * Serializes an error and its causes: type, message and stack. Other properties stay out: they may
 * hold a caller's data.
 */
function describeError(error: unknown): unknown {
	const described = [];
	for (let at = error; at instanceof Error && described.length < maxCauses; at = at.cause) {
		described.push({ type: at.name, message: at.message, stack: at.stack });
	}
	return described.length > 0 ? described : String(error);
}

/**
 * Creates the destination of log lines. None is waited for, and none can end the process or keep it
 * from ending: lines that a slow reader has not read are kept up to a bound, beyond it they are
 * dropped, and so are those that cannot be written at all (a full disk, a closed pipe).
 * @param stream as `process.stderr`, whose pipes do not block; pino's own destination waits in its
 * last flush for the reader, or for the disk to have room: without end
 * @param maxPendingBytes bound of what is kept; default: 4 MiB
 */
export function createLogDestination(
	stream: Writable,
	maxPendingBytes = 4 * 1_024 * 1_024,
): DestinationStream {
	stream.on("error", () => {});
	return {
		write(line) {
			if (stream.writableLength < maxPendingBytes) stream.write(line);
		},
	};
}
