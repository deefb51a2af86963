import { expect, test } from "vitest";
import { formatKeyLine, parseKeyFile } from "../../../../server/src/auth/api-keys/key-file.ts";
import { PolledFileError } from "../../../../server/src/auth/polled-file.ts";

const sha256 = "ab".repeat(32);

function faultOf(text: string): string {
	try {
		parseKeyFile(text, "keys");
	} catch (error) {
		if (error instanceof PolledFileError) return error.message;
		throw error;
	}
	return "no fault";
}

test("a line is read as it was written, in any order of its words", () => {
	const expireTimeMs = Date.UTC(2027, 0, 31);
	const full = { name: "ci", groups: ["ops", "dev"], expireTimeMs, sha256 };
	const bare = {
		name: "ann@example.org",
		groups: [],
		expireTimeMs: undefined,
		sha256: "cd".repeat(32),
	};
	const lines = [formatKeyLine(full), "", "# a comment", `  ${formatKeyLine(bare)}\t`];
	expect(parseKeyFile(lines.join("\r\n"), "keys")).toEqual([full, bare]);
	const turned = `sha256=${sha256.toUpperCase()}  expires=2027-01-31T01:00:00+01:00 groups=ops,dev name=ci`;
	expect(parseKeyFile(turned, "keys")).toEqual([full]);
	expect(parseKeyFile("", "keys")).toEqual([]);
});

test.each([
	["sha256=x name=ci", "line 1: sha256 is to have 64 hexadecimal digits"],
	["name=ci", "line 1: name and sha256 are to be there"],
	[`sha256=${sha256}`, "line 1: name and sha256 are to be there"],
	[`name=ci name=ci sha256=${sha256}`, "line 1: name stands here twice"],
	[`name= sha256=${sha256}`, "line 1: name is empty"],
	[`name=${"x".repeat(254)} sha256=${sha256}`, "line 1: name has more than 253 characters"],
	[`name=ci groups=a,,b sha256=${sha256}`, "line 1: a group is empty"],
	[`name=ci group=a sha256=${sha256}`, /^keys: line 1: each word is to begin with one of name=, /],
	[`name=ci expires=tomorrow sha256=${sha256}`, /line 1: expires is to be a time/],
	[`name=ci expires=2027-13-31T00:00:00Z sha256=${sha256}`, /line 1: expires is to be a time/],
	[`name=system:admin sha256=${sha256}`, /line 1: name begins with system:, which only/],
	[`name=ci groups=ops,System:masters sha256=${sha256}`, /line 1: a group begins with system:/],
	[
		`name=a sha256=${sha256}\n#\nname=b sha256=${sha256.toUpperCase()}`,
		"line 3: the key of line 1 stands here again",
	],
	["x\ny", /line 1: .*; line 2: /],
	["wk_planted\n".repeat(12), /; and 2 more$/],
])("a faulty file is told by its lines, and nothing of them: %j", (text, fault) => {
	const told = faultOf(text);
	if (typeof fault === "string") expect(told).toBe(`keys: ${fault}`);
	else expect(told).toMatch(fault);
	expect(told).not.toContain("planted");
	expect(told).not.toContain(sha256);
});
