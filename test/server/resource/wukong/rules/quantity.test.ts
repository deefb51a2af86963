import { expect, test } from "vitest";
import { quantityBytes } from "../../../../../server/src/resource/wukong/rules/spec-rules.ts";

test.each<[string, bigint | undefined]>([
	["0", 0n],
	["512", 512n],
	["8Gi", 8n * 2n ** 30n],
	["1.5G", 1_500_000_000n],
	["0.5Ki", 512n],
	["0.0001", 1n],
	["0.000Ei", 0n],
	["99999999999999999999E", 99_999_999_999_999_999_999n * 10n ** 18n],
	["", undefined],
	["8gi", undefined],
	["-1", undefined],
	["1.", undefined],
	["constructor", undefined],
	["1Gib", undefined],
])("the quantity %j is %s bytes", (text, bytes) => {
	expect(quantityBytes(text)).toBe(bytes);
});
