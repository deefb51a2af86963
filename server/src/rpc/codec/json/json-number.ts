import { refuse } from "./json-fault.ts";

/** Longest run of digits that is read: a double, written out in full, has fewer. */
const maxRun = 1_100;

/** Digits of the longest number of 64 bits; longer ones are not even counted. */
const maxDigits = 20;

/**
 * Finds the end of a number that begins at a place (RFC 8259, section 6); -1: there is none, or it runs on
 * into something else. By hand: a regular expression needs stack for each digit.
 *
 * @throws JsonFault for one of more digits than any number needs
 */
export function endOfNumber(text: string, start: number): number {
	let at = text.charCodeAt(start) === 0x2d ? start + 1 : start;
	const whole = at;
	at = endOfDigits(text, at);
	if (at === whole || (text.charCodeAt(whole) === 0x30 && at > whole + 1)) return -1;
	if (text.charCodeAt(at) === 0x2e) {
		const fraction = at + 1;
		at = endOfDigits(text, fraction);
		if (at === fraction) return -1;
	}
	if ((text.charCodeAt(at) | 0x20) === 0x65) {
		const sign = text.charCodeAt(at + 1);
		const exponent = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1;
		at = endOfDigits(text, exponent);
		if (at === exponent) return -1;
	}
	return at;
}

function endOfDigits(text: string, start: number): number {
	let at = start;
	for (;;) {
		const code = text.charCodeAt(at);
		if (!(code >= 0x30 && code <= 0x39)) return at;
		at++;
		if (at - start > maxRun) return refuse(`a number of at most ${maxRun} digits`);
	}
}

/**
 * A number of JSON as a whole one, in decimal digits without fraction and exponent; undefined: it is
 * none, or has more digits than 64 bits hold. No digit is lost: `1.0000000000000000000001` is none.
 */
export function wholeNumber(token: string): string | undefined {
	const sign = token.startsWith("-") ? "-" : "";
	const e = Math.max(token.indexOf("e"), token.indexOf("E"));
	const mantissa = token.slice(sign.length, e === -1 ? undefined : e);
	const dot = mantissa.indexOf(".");
	const whole = dot === -1 ? mantissa : mantissa.slice(0, dot);
	const digits = dot === -1 ? mantissa : whole + mantissa.slice(dot + 1);
	const first = endOfZeros(digits);
	const significant = withoutLastZeros(digits);
	if (first === digits.length) return "0";
	const exponent = e === -1 ? 0 : Number(token.slice(e + 1));
	/** Place of the point, counted from the first digit. */
	const point = whole.length + exponent;
	const count = point - first;
	if (point < significant || count > maxDigits) return undefined;
	return sign + digits.slice(first, significant).padEnd(count, "0");
}

function endOfZeros(digits: string): number {
	let at = 0;
	while (digits.charCodeAt(at) === 0x30) at++;
	return at;
}

/** Counts the digits without trailing zeros. */
function withoutLastZeros(digits: string): number {
	let count = digits.length;
	while (digits.charCodeAt(count - 1) === 0x30) count--;
	return count;
}
