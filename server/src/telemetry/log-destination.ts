import type { Writable } from "node:stream";
import type { DestinationStream } from "pino";

/**
 * Where log lines go. None is waited for, and none can end the process or keep it from ending:
 * lines that a slow reader has not taken pile up to a bound, beyond it they are dropped, and so
 * are those that cannot be written at all (a full disk, a closed pipe).
 * @param stream as `process.stderr`, whose pipes hold nothing up; pino's own destination waits
 * for the reader, or for the disk to have room, in the last flush: for ever.
 * @param maxPendingBytes default: 4 MiB
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
