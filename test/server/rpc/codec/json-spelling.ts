import type { JsonValue } from "@bufbuild/protobuf";

/** What may stand where a value is due: other forms of it, and what no field takes. */
export const strangeValues = [
	...["null", "true", "[]", "{}", "[null]", '""', '"a:b"', '"5"', '" 5"', '"CALM"', '"NaN"'],
	...[
		"-1",
		"-0",
		"-0.0",
		"1e2",
		"1.5",
		"2147483647",
		"2147483648",
		"-2147483649",
		"4294967296",
		"1e400",
	],
	...['"\\u003a"', '"\\n"', '"\\\\u"', '"\\ud800"', '"\\ud83d\\ude00"', '"é\u2028😀"', '"1.5s"'],
	...['{"a":1,"a":2}', '{"@type":"test.Part"}', '"2026-11-21T00:00:00Z"', '"a,b"'],
];

/**
 * Writes a JSON value in one of the many ways there are: spaces, either name of a field, escapes,
 * members left out, and in some texts a member too many, a key twice or a strange value.
 *
 * @param random from 0 to below 1
 */
export function spell(json: JsonValue, random: () => number): string {
	const is = (likelihood: number) => random() < likelihood;
	const oneOf = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T;
	const [missing, strange] = [oneOf([0, 0.5, 0.9]), oneOf([0, 0, 0.05, 0.5])];
	const space = () => (is(0.1) ? oneOf([" ", "\t", "\n", "\r"]) : "");

	const write = (value: JsonValue): string => {
		if (is(strange)) return oneOf(strangeValues);
		if (Array.isArray(value)) return `[${value.map(write).join()}]`;
		if (typeof value !== "object" || value === null) return JSON.stringify(value);
		const members = Object.entries(value).flatMap(([key, inner]) => {
			if (is(missing)) return [];
			return is(strange / 5) ? [member(key, inner), member(key, inner)] : [member(key, inner)];
		});
		if (is(strange / 10)) members.push('"__proto__":{"size":1}');
		return `{${members.join()}${space()}}`;
	};
	const member = (key: string, value: JsonValue) => {
		const name = is(0.05) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
		const text = JSON.stringify(name);
		return `${space()}${is(0.03) ? escapeFirst(text) : text}${space()}:${write(value)}`;
	};
	return write(json);
}

/** Of a text in quotes that is not empty. */
function escapeFirst(text: string): string {
	const code = text.charCodeAt(1).toString(16).padStart(4, "0");
	return /^"\w/.test(text) ? `"\\u${code}${text.slice(2)}` : text;
}
