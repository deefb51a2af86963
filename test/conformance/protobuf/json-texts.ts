import type { Pick as PickOne } from "./picks.ts";

/** Numbers in JSON's grammar, at the edges of each type, and what only looks like one. */
export function numberText({ is, oneOf, upTo }: PickOne): string {
	const digits = (most: number) =>
		Array.from({ length: 1 + upTo(most) }, () => String(upTo(9))).join("");
	if (is(0.25)) return oneOf(edges);
	if (is(0.1)) return oneOf(noNumbers);
	const whole = is(0.3)
		? "0"
		: digits(oneOf([2, 8, 10, 20, 25])).replace(/^0+(?=.)/, is(0.1) ? "0" : "");
	const fraction = is(0.3)
		? `.${is(0.5) ? "0".repeat(upTo(20)) : ""}${digits(5)}${"0".repeat(upTo(5))}`
		: "";
	const exponent = is(0.3) ? `${oneOf(["e", "E"])}${oneOf(["", "+", "-"])}${digits(1)}` : "";
	return `${is(0.3) ? "-" : ""}${whole}${fraction}${exponent}`;
}

const edges = [
	...["2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296"],
	...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"],
	...["18446744073709551615", "18446744073709551616", "9007199254740993", "123456789012345678"],
	...["0", "-0", "-0.0", "0e5", "1e2", "1E+2", "100e-2", "1.0", "1.5", "1e-1", "10e-1", "1e308"],
	...["1e309", "-1e309", "1e400", "1e-400", "3.4028235e38", "3.4028236e38", "3.5e38", "1e39"],
	...["1e18", "1e19", "1e20", "0.1e1", "12.34e2", "12.34e1", "5e-324", "0.000000000001e12"],
	...["1.0000000000000000000000", "1.0000000000000000000001", "0e99999999999", "1e99999999999"],
	...["922337203685477580.7e1", "9223372036854775807.0", "9223372036854775807e0"],
];

const noNumbers = [
	...[
		"01",
		"-01",
		"+1",
		"1.",
		".5",
		"-",
		"--1",
		"0x10",
		"0b1",
		"0o7",
		"1_000",
		"1e",
		"1e+",
		"1e1.5",
	],
	...["NaN", "Infinity", "-Infinity", "+Infinity", "inf", "nan", "infinity", "INF", "1n", "1f", ""],
	...["1 2", "1,000", "٣", "１", "½", "1e1e1", "1.1.1", "0x", "- 1", "e1", "null", "true", '"1"'],
];

/** Durations of google/protobuf/duration.proto, and what only looks like one. */
export function durationText({ is, oneOf, upTo }: PickOne): string {
	const digits = (count: number) => Array.from({ length: count }, () => String(upTo(9))).join("");
	if (is(0.2)) {
		return oneOf([
			...[
				"0s",
				"-0s",
				"+0s",
				"1.5seconds",
				"1.5s ",
				" 1.5s",
				"1.5",
				"s",
				"-s",
				".s",
				"-.s",
				"1h",
				"1m",
			],
			...[
				"315576000000s",
				"315576000001s",
				"-315576000000s",
				"-315576000001s",
				"1e3s",
				"0x1s",
				"1.s",
			],
			...[
				"315576000000.999999999s",
				"-0.5s",
				"-.5s",
				".5s",
				"+.5s",
				"01s",
				"00s",
				"1S",
				"1,5s",
				"NaNs",
			],
			...[
				"99999999999999999999s",
				"1.0000000001s",
				"0.000000001s",
				"--1s",
				"1.5.5s",
				"1s1s",
				"١s",
				"",
			],
		]);
	}
	const whole = is(0.1) ? "" : is(0.2) ? "0" : digits(1 + upTo(13));
	const fraction = is(0.6) ? `.${digits(upTo(11))}` : "";
	return `${oneOf(["", "", "-", "+"])}${whole}${fraction}${is(0.95) ? "s" : ""}`;
}

/** Times of RFC 3339, and what only looks like one. */
export function timeText({ is, oneOf, upTo }: PickOne): string {
	if (is(0.2)) {
		return oneOf([
			...["0001-01-01T00:00:00Z", "0000-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z"],
			...["9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "0000-12-31T23:59:59-00:01"],
			...[
				"2016-12-31T23:59:60Z",
				"2020-02-30T00:00:00Z",
				"2021-02-29T00:00:00Z",
				"2020-02-29T00:00:00Z",
			],
			...[
				"1900-02-29T00:00:00Z",
				"2000-02-29T00:00:00Z",
				"2020-01-01T24:00:00Z",
				"2020-13-01T00:00:00Z",
			],
			...[
				"2020-01-01t00:00:00z",
				"2020-01-01 00:00:00Z",
				"2020-01-01T00:00:00",
				"2020-01-01",
				"now",
			],
			...["2020-01-01T00:00:00.Z", "2020-01-01T00:00:00.1234567890Z", "2020-01-01T00:00:00+24:00"],
			...["2020-01-01T00:00:00+0100", "2020-01-01T00:00:00+01", "2020-01-01T00:00:00-00:00"],
			...[
				"2020-1-1T0:0:0Z",
				"2020-01-01T1:00:00Z",
				"2020-01-01T00:00:00,5Z",
				"+2020-01-01T00:00:00Z",
			],
			...[
				"10000-01-01T00:00:00Z",
				"2020-01-01T00:00:00+23:60",
				"2020-01-01T00:00Z",
				"1577836800",
				"",
			],
		]);
	}
	const two = (most: number) => String(upTo(most)).padStart(2, "0");
	const date = `${String(is(0.5) ? 1970 + upTo(80) : upTo(9999)).padStart(4, "0")}-${two(13)}-${two(32)}`;
	const fraction = is(0.5)
		? `.${Array.from({ length: 1 + upTo(10) }, () => upTo(9)).join("")}`
		: "";
	const zone = is(0.5) ? "Z" : `${oneOf(["+", "-"])}${two(25)}:${two(61)}`;
	return `${date}T${two(24)}:${two(60)}:${two(60)}${fraction}${zone}`;
}

/** Masks of google/protobuf/field_mask.proto, and what only looks like one. */
export function maskText({ is, oneOf, upTo }: PickOne): string {
	if (is(0.3)) {
		return oneOf([
			...[
				"",
				" ",
				"a",
				"a,b",
				" a,b ",
				"a, b",
				",",
				"a,",
				",a",
				"a,,b",
				"a_b",
				"aB",
				"A",
				"aBC",
				"a.bC.d",
			],
			...[
				"*",
				"labels.a-b",
				"labels.a/b",
				"labels.`a`",
				"a..b",
				".a",
				"a.",
				"1a",
				"a1",
				"é",
				"a b",
				"a\tb",
			],
		]);
	}
	const letter = () => oneOf("abcXYZ019._,é-".split(""));
	return Array.from({ length: upTo(12) }, letter).join("");
}

/** Base64 in both alphabets, and what only looks like it. */
export function base64Text({ is, oneOf, upTo }: PickOne): string {
	if (is(0.2))
		return oneOf([
			"=",
			"==",
			"A",
			"AA",
			"AAA",
			"AA=",
			"A===",
			"AA==AA==",
			"AAA=AAA=",
			"%%%",
			"AA AA",
			"AA\nAA",
			"éé",
			"AB==",
			"-_-_",
			"+/+/",
			"+_+_",
			"AAAAA",
			"\ufeffAAA",
		]);
	const alphabet = oneOf(["Aa0+/", "Aa0-_", "Aa0", "Aa0+_"]).split("");
	const body = Array.from({ length: upTo(10) }, () => oneOf(alphabet)).join("");
	const missing = (4 - (body.length % 4)) % 4;
	return body + "=".repeat(is(0.5) ? missing : upTo(2));
}

/** A string in JSON, with escapes, and what is none. */
export function stringToken({ is, oneOf, upTo }: PickOne): string {
	const piece = () =>
		oneOf([
			...[
				"a",
				"é",
				"\u2028",
				"😀",
				"\\n",
				"\\u0041",
				"\\/",
				'\\"',
				"\\\\",
				"\\ud83d\\ude00",
				"\\b",
				"\x7f",
			],
			...(is(0.15)
				? [
						"\\ud800",
						"\\udc00",
						"\\ude00\\ud83d",
						"\\x",
						"\\u12",
						"\\u12G4",
						"\\'",
						"\n",
						"\t",
						"\0",
						"\\u0000",
						"\\",
						"\\ud800\\n",
					]
				: []),
		]);
	return `"${Array.from({ length: upTo(6) }, piece).join("")}"`;
}
