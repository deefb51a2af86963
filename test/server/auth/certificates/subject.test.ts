import { expect, test } from "vitest";
import { parseSubject } from "../../../../server/src/auth/certificates/subject.ts";

test.each<[string, [string, string][]]>([
	[
		"O=ops\nO=dev\nCN=ci",
		[
			["O", "ops"],
			["O", "dev"],
			["CN", "ci"],
		],
	],
	["CN=ci=1", [["CN", "ci=1"]]],
	[
		"O=Example\\, Inc.\nCN=a\\+b",
		[
			["O", "Example, Inc."],
			["CN", "a+b"],
		],
	],
	["CN=a\\0AO=ops", [["CN", "a\nO=ops"]]],
	["CN=a\\\\0A", [["CN", "a\\0A"]]],
	[
		"2.5.4.97=x\nCN=Jürgen",
		[
			["2.5.4.97", "x"],
			["CN", "Jürgen"],
		],
	],
	["CN=", [["CN", ""]]],
])("a distinguished name is read by its attributes: %j (RFC 4514, 2.4)", (subject, attributes) => {
	expect(parseSubject(subject)?.map(({ type, value }) => [type, value])).toEqual(attributes);
});

test.each(["", "CN", "CN=a + O=ops", "CN=a\\", "=a", "CN=a\n\nO=b"])(
	"what could be read in two ways is not read: %j",
	(subject) => {
		expect(parseSubject(subject)).toBeUndefined();
	},
);
