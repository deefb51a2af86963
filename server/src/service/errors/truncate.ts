/** Truncates a text to `maxLength` UTF-16 units, with an ellipsis; the result is well-formed Unicode. */
export function truncate(text: string, maxLength: number): string {
	const whole = text.length <= maxLength;
	return (whole ? text : `${text.slice(0, maxLength - 1)}…`).toWellFormed();
}

const ellipsisBytes = 3;

/** Truncates a text to `maxBytes` of UTF-8, with an ellipsis; the result is well-formed Unicode. */
export function truncateToBytes(text: string, maxBytes: number): string {
	const bytes = Buffer.from(text);
	if (bytes.length <= maxBytes) return text.toWellFormed();
	// In streaming mode the decoder holds back an incomplete character.
	const decoder = new TextDecoder();
	return `${decoder.decode(bytes.subarray(0, maxBytes - ellipsisBytes), { stream: true })}…`;
}
