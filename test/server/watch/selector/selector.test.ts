import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import { Failure } from "../../../../server/src/failure.ts";
import { createSelector } from "../../../../server/src/watch/selector/selector.ts";

const web = { app: "web", tier: "front", "example.com/size": "3", empty: "" };
/** The number 6, and one that no 64-bit integer is. */
const numbers = { padded: `${"0".repeat(62)}6`, beyond: "9223372036854775808" };

describe("a selector", () => {
	test.each([
		["", true],
		["app", true],
		["!app", false],
		["!legacy", true],
		["app=web", true],
		["app==web", true],
		["app = web", true],
		["app!=web", false],
		["missing!=web", true],
		["app in (web,api)", true],
		["app in (api)", false],
		["app in(web)", true],
		["app notin (web,api)", false],
		["missing notin (web)", true],
		["tier in (front,back),!legacy,app", true],
		["app,legacy", false],
		["example.com/size>2", true],
		["example.com/size<3", false],
		["app>2", false],
		["empty=", true],
		["empty in (,x)", true],
		["app=", false],
		["  app  in  ( web , api ) , tier  ", true],
		["in in (in)", false],
		["\tapp\r\n=\tweb\n", true],
		["empty in ()", true],
		["app notin ()", true],
		["app in (,)", false],
		["example.com/size>002", true],
		["example.com/size>9223372036854775807", false],
		["padded>5", true],
		["padded<7", true],
		["beyond>5", false],
		["beyond<5", false],
		// A prefix is a DNS name of at most 253 characters; its parts have no limit of their own.
		[`!${"p".repeat(64)}/key`, true],
	])("%j matches: %s", (text, expected) => {
		expect(createSelector({}, text).matches({ ...web, ...numbers })).toBe(expected);
	});

	test.each([
		"app in web",
		"app in (web",
		"app in web)",
		"app in",
		"app,",
		",app",
		"=web",
		"app=web=x",
		"app web",
		"!",
		"!!app",
		"app>x",
		"-app",
		"app=-x",
		"a/b/c",
		`${"k".repeat(64)}=v`,
		`k=${"v".repeat(64)}`,
		"app=ü",
		// No white space of Kubernetes: apimachinery's isWhitespace has blank, tab, CR and LF.
		"app\v=web",
		"app\f",
		"app,\u00a0tier",
		"\ufeffapp",
		"app\u2028",
		"app in (web,\u3000api)",
		"app\0",
		// No numbers of strconv.ParseInt, or no label values.
		"app>-5",
		"app>+5",
		"app>9223372036854775808",
		"app>1_000",
		"app>0x5",
		"app>",
		"app>=5",
		`${"p".repeat(254)}/key`,
	])("%j is refused as INVALID_REQUEST naming label_selector", (text) => {
		const attempt = () => createSelector({}, text);
		expect(attempt).toThrow(Failure);
		try {
			attempt();
		} catch (error) {
			expect(error).toMatchObject({
				reason: ErrorReason.INVALID_REQUEST,
				details: { violations: [{ field: "label_selector" }] },
			});
		}
	});

	test("labels and selector are joined by AND", () => {
		expect(createSelector({ app: "web" }, "tier=front").matches(web)).toBe(true);
		expect(createSelector({ app: "api" }, "tier=front").matches(web)).toBe(false);
		expect(createSelector({ app: "web" }, "tier=back").matches(web)).toBe(false);
	});

	test("a key that every JavaScript object inherits is not there", () => {
		expect(createSelector({}, "constructor").matches({})).toBe(false);
		expect(createSelector({}, "!toString").matches({})).toBe(true);
	});

	test("a long hostile text is judged at once", () => {
		const text = `a in (${",".repeat(4_000)}`;
		expect(() => createSelector({}, text)).toThrow(Failure);
	});

	test("equal queries have equal texts, whatever the order of labels", () => {
		expect(createSelector({ a: "1", b: "2" }, " x ").text).toBe(
			createSelector({ b: "2", a: "1" }, "x").text,
		);
		expect(createSelector({ a: "1" }, "").text).not.toBe(createSelector({}, "a=1").text);
	});
});
