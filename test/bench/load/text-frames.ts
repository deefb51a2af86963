import type { EnvelopeHandler } from "./envelope.ts";

/** How text streams divide messages: each line is one, or each block of lines is an event. */
export type TextFrames = "lines" | "events";

const separators: Readonly<Record<TextFrames, Buffer>> = {
	lines: Buffer.from("\n"),
	events: Buffer.from("\n\n"),
};
const dataField = Buffer.from("data: ");

/**
 * Finds messages in text that comes in any pieces. Bytes are looked at where the handler wants them;
 * a block without data, as the one with `retry:` is, is no message.
 */
export function createTextReader(
	frames: TextFrames,
	handler: EnvelopeHandler,
): (chunk: Buffer) => void {
	const separator = separators[frames];
	let rest: Buffer | undefined;

	const take = (frame: Buffer) => {
		if (frames === "lines") {
			handler.message(0, handler.collects() ? frame : undefined);
			return;
		}
		const at = frame.indexOf(dataField);
		if (at === -1) return;
		handler.message(0, handler.collects() ? frame.subarray(at + dataField.length) : undefined);
	};
	return (chunk) => {
		const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
		let at = 0;
		for (;;) {
			const end = data.indexOf(separator, at);
			if (end === -1) break;
			take(data.subarray(at, end));
			at = end + separator.length;
		}
		rest = at === data.length ? undefined : data.subarray(at);
	};
}
