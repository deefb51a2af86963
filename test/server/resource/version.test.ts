import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	formatVersion,
	parsePlainVersion,
	parseVersion,
	startOver,
	withoutHash,
} from "../../../server/src/resource/version.ts";

const place = (position: bigint, replayAfter?: bigint) => ({ position, replayAfter });

describe("a version", () => {
	test.each([
		["0", { places: [place(0n)], suffix: "" }],
		["1024", { places: [place(1024n)], suffix: "" }],
		["9".repeat(39), { places: [place(10n ** 39n - 1n)], suffix: "" }],
		["12.7", { places: [place(12n, 7n)], suffix: "" }],
		["1~2", { places: [place(1n), place(2n)], suffix: "" }],
		["1.0~2~3.2~4", { places: [place(1n, 0n), place(2n), place(3n, 2n), place(4n)], suffix: "" }],
		["5-abc", { places: [place(5n)], suffix: "abc" }],
		["5.4~6-s-x.y~z", { places: [place(5n, 4n), place(6n)], suffix: "s-x.y~z" }],
	])("is %s", (text, version) => {
		expect(parseVersion(text)).toEqual(version);
	});

	test.each([
		...[
			"",
			startOver,
			"-",
			"-a",
			"5-",
			"a",
			"01",
			"+1",
			"1.",
			".1",
			"1.2.3",
			"1.02",
			"~",
			"1~",
			"~1",
		],
		...["1~~2", "1~2~3~4~5", "1 ", " 1", "1\n", "1-a b", "1-a/b", "1-é", "10".repeat(20)],
		...[`1-${"a".repeat(255)}`, "1~a", "1-\n"],
	])("is not %j", (text) => {
		expect(parseVersion(text)).toBeUndefined();
	});

	test("is read as it was written, at most 256 characters of [A-Za-z0-9._~-]", () => {
		const number = fc.bigInt({ min: 0n, max: 10n ** 20n });
		const places = fc.array(fc.tuple(number, fc.option(number, { nil: undefined })), {
			minLength: 1,
			maxLength: 4,
		});
		const suffix = fc.stringMatching(/^[A-Za-z0-9._~-]{0,40}$/);
		fc.assert(
			fc.property(places, suffix, (pairs, end) => {
				const text = pairs.map(([p, b]) => (b === undefined ? `${p}` : `${p}.${b}`)).join("~");
				expect(parseVersion(end === "" ? text : `${text}-${end}`)).toEqual({
					places: pairs.map(([p, b]) => place(p, b)),
					suffix: end,
				});
			}),
		);
	});

	test("of one number reads and writes as that number", () => {
		fc.assert(
			fc.property(fc.bigInt({ min: 0n, max: 10n ** 39n - 1n }), (version) => {
				const text = formatVersion(version);
				expect(parsePlainVersion(text)).toBe(version);
				expect(parseVersion(text)?.places).toEqual([place(version)]);
			}),
		);
	});

	test.each(["1.0", "1~2", "1-a", "01", "", startOver])("is not plain: %j", (text) => {
		expect(parsePlainVersion(text)).toBeUndefined();
	});
});

test.each([
	["7-0123456789abcdef", "7"],
	["7~8.1-0123456789abcdef", "7~8.1"],
	["7-s123456789abcdef", "7-s123456789abcdef"],
	["7-0123456789abcde", "7-0123456789abcde"],
	["7", "7"],
	[startOver, startOver],
])("%j without the hash of a VM's version is %j: no other suffix goes", (text, places) => {
	expect(withoutHash(text)).toBe(places);
});
