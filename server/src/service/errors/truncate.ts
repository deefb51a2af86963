/** At most `maxLength` UTF-16 units of a text, well formed, with an ellipsis where it was cut. */
export function truncate(text: string, maxLength: number): string {
	const whole = text.length <= maxLength;
	return (whole ? text : `${text.slice(0, maxLength - 1)}…`).toWellFormed();
}

const ellipsisBytes = 3;

/** At most `maxBytes` of a text in UTF-8, well formed, with an ellipsis where it was cut. */
export function truncateToBytes(text: string, maxBytes: number): string {
	const bytes = Buffer.from(text);
	if (bytes.length <= maxBytes) return text.toWellFormed();
	// As a stream, the decoder holds back a character that is not complete.
	const decoder = new TextDecoder();
	return `${decoder.decode(bytes.subarray(0, maxBytes - ellipsisBytes), { stream: true })}…`;
}
