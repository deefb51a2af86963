import type { Refusal } from "../../refusals.ts";
import { badRequest } from "../../refusals.ts";

const malformed: Refusal = badRequest("protocol", "the body is not base64 with its padding");

const padding = 0x3d;
/** No digit of the alphabet. */
const none = 0xff;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const digits: Uint8Array = new Uint8Array(256).fill(none);
for (let value = 0; value < alphabet.length; value++) digits[alphabet.charCodeAt(value)] = value;

/**
 * Decodes base64 in which padding may end any group of four: a client may pad each piece that it
 * flushes (grpc/doc/PROTOCOL-WEB.md). Node's own decoder ends at the first.
 */
export function decodeBase64(text: Buffer): Buffer | Refusal {
	if (text.byteLength % 4 !== 0) return malformed;
	const bytes = Buffer.allocUnsafe((text.byteLength / 4) * 3);
	let end = 0;
	for (let at = 0; at < text.byteLength; at += 4) {
		const fourth = text[at + 3] as number;
		const pads = fourth !== padding ? 0 : text[at + 2] !== padding ? 1 : 2;
		const a = digits[text[at] as number] as number;
		const b = digits[text[at + 1] as number] as number;
		const c = pads === 2 ? 0 : (digits[text[at + 2] as number] as number);
		const d = pads > 0 ? 0 : (digits[fourth] as number);
		if ((a | b | c | d) > 0x3f) return malformed;
		bytes[end] = (a << 2) | (b >> 4);
		bytes[end + 1] = ((b & 0xf) << 4) | (c >> 2);
		bytes[end + 2] = ((c & 0x3) << 6) | d;
		end += 3 - pads;
	}
	return bytes.subarray(0, end);
}
