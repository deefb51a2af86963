import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verbs } from "../../../../server/src/auth/authorizer.ts";
import { parsePolicy } from "../../../../server/src/auth/policy/parse-policy.ts";
import { type Policy, rightsOf } from "../../../../server/src/auth/policy/policy.ts";
import { principalOf } from "../../../support/fake-authorizer.ts";

function policyOf(...lines: string[]): Policy {
	const parsed = parsePolicy(lines.join("\n"));
	if (parsed.kind === "faults") throw new Error(JSON.stringify(parsed.faults));
	return parsed.policy;
}

function faultsOf(...lines: string[]): string[] {
	const parsed = parsePolicy(lines.join("\n"));
	return parsed.kind === "policy"
		? []
		: parsed.faults.map(({ line, problem }) => `${line}: ${problem}`);
}

/** Rights in short: `get` in all, `start` in a and b. */
function shortOf(policy: Policy, name: string, ...groups: string[]): Record<string, string> {
	const rights = rightsOf(policy, principalOf(name, ...groups));
	return Object.fromEntries(
		[...rights].map(([verb, namespaces]) => [
			verb,
			namespaces === "" ? "*" : namespaces.names.join(),
		]),
	);
}

const policy = [
	"roles:",
	"  button: [get, start, stop]",
	"bindings:",
	"  - role: viewer",
	"    groups: [team-a]",
	"    namespaces: [a, b]",
	"  - role: button",
	"    names: [oidc:ann, 'no']",
	"    namespaces: [b, c]",
	"  - role: admin",
	"    names: [root]",
	'    namespaces: ["*"]',
];

describe("a policy", () => {
	test("gives roles to names and groups, per namespace or in all; bindings add up", () => {
		const read = policyOf(...policy);
		expect(shortOf(read, "bob", "team-a")).toEqual({ list: "a,b", watch: "a,b", get: "a,b" });
		expect(shortOf(read, "oidc:ann", "team-a")).toEqual({
			...{ list: "a,b", watch: "a,b", get: "a,b,c" },
			...{ start: "b,c", stop: "b,c" },
		});
		expect(shortOf(read, "root")).toEqual(Object.fromEntries(verbs.map((verb) => [verb, "*"])));
		expect(shortOf(read, "ann", "oidc:ann", "root")).toEqual({});
	});

	test("takes texts as they stand, whatever YAML makes of them", () => {
		expect(shortOf(policyOf(...policy), "no")).toMatchObject({ start: "b,c" });
	});

	test("may name everyone who has signed in", () => {
		const lines = ["bindings:", "- role: viewer", '  names: ["*"]', "  namespaces: [public]"];
		expect(shortOf(policyOf(...lines), "who")).toMatchObject({ list: "public" });
	});

	test.each([
		["viewer", "list,watch,get"],
		["power", "list,watch,get,start,stop,restart,pause,resume"],
		["editor", "list,watch,get,create,update,start,stop,restart,pause,resume"],
		["admin", verbs.join()],
	])("has the role %s, which may %s", (role, allowed) => {
		const lines = ["bindings:", `- role: ${role}`, "  names: [x]", "  namespaces: [a]"];
		expect(Object.keys(shortOf(policyOf(...lines), "x")).join()).toBe(allowed);
	});
});

const binding = (...changed: string[]) => ["bindings:", "- role: viewer", ...changed];

describe("each fault of a policy is named with its line", () => {
	test.each([
		{ title: "an empty file", lines: [""], faults: ["1: is empty"] },
		{ title: "a comment alone", lines: ["# later"], faults: ["1: is empty"] },
		{
			title: "no YAML",
			lines: ["bindings:", "- role: viewer", "  names: [a", "  namespaces: [b]"],
			faults: [/^[34]: is no YAML: /],
		},
		{ title: "a tab", lines: ["bindings:", "\t- role: viewer"], faults: [/^2: is no YAML: /] },
		{
			title: "lines that end in CR",
			lines: ["bindings:\r- role: viewr\r\n  names: [x]\r  namespaces: [A]"],
			faults: [/^2: no role is called viewr/, '4: "A" is no name of a namespace'],
		},
		{
			title: "a list",
			lines: ["- a"],
			faults: ["1: a policy is to be a mapping with roles, bindings"],
		},
		{
			title: "a misspelt key",
			lines: ["binding: []"],
			faults: [
				'1: "binding" is not known in a policy; there are roles, bindings',
				"1: a policy needs bindings: without one nobody may do anything",
			],
		},
		{ title: "no bindings", lines: ["bindings:"], faults: ["1: bindings is to be a list"] },
		{ title: "an empty list", lines: ["bindings: []"], faults: ["1: bindings is an empty list"] },
		{
			title: "everything missing",
			lines: ["bindings:", "# first", "- {}"],
			faults: [
				"3: a binding needs a role",
				"3: a binding needs names or groups",
				'3: a binding needs namespaces; "*" means all of them',
			],
		},
		{
			title: "an unknown role",
			lines: ["bindings:", "- names: [x]", "  role: viever", "  namespaces: [a]"],
			faults: ["3: no role is called viever; there are viewer, power, editor, admin"],
		},
		{
			title: "a misspelt key of a binding",
			lines: binding("  name: [x]", "  groups: [g]", "  namespaces: [a]"),
			faults: ['3: "name" is not known in a binding; there are role, names, groups, namespaces'],
		},
		{
			title: "a key twice",
			lines: binding("  names: [x]", "  names: [y]", "  namespaces: [a]"),
			faults: ["4: names is there twice"],
		},
		{
			title: "text in place of a list",
			lines: binding("  names: x", "  namespaces: a"),
			faults: ["3: names is to be a list", "4: namespaces is to be a list"],
		},
		{
			title: "names of namespaces that none can have",
			lines: binding("  names: [x]", "  namespaces:", "  - a", "  - Team", "  - a.b", "  - '* '"),
			faults: [
				'6: "Team" is no name of a namespace',
				'7: "a.b" is no name of a namespace',
				'8: "* " is no name of a namespace',
			],
		},
		{
			title: "an empty entry",
			lines: binding("  names:", "  -", "  namespaces: [a]"),
			faults: [/^[345]: an entry of names is empty/],
		},
		{
			title: "every group",
			lines: binding('  groups: ["*"]', "  namespaces: [a]"),
			faults: [/^3: a group cannot be "\*"/],
		},
		{
			title: "faults of roles",
			lines: [
				...["roles:", "  viewer: [get]", "  a: [gett]", "  b: []", "  c: get"],
				...binding("  names: [x]", "  namespaces: [a]"),
			],
			faults: [
				"2: the role viewer is there already",
				`3: "gett" is no verb; there are ${verbs.join(", ")}`,
				"4: a role is an empty list",
				"5: a role is to be a list",
			],
		},
		{
			title: "an alias",
			lines: binding("  names: [x]", "  namespaces: *all"),
			faults: [/^4: has an alias/],
		},
		{
			title: "an anchor",
			lines: binding("  names: &n [x]", "  namespaces: [a]"),
			faults: [/^3: has an anchor/],
		},
		{
			title: "a tag",
			lines: binding("  names: !!set [x]", "  namespaces: [a]"),
			faults: [/^3: has a tag/],
		},
		{
			title: "two documents",
			lines: [...binding("  names: [x]", "  namespaces: [a]"), "---", "bindings: []"],
			faults: [/has a second document/],
		},
	])("$title", ({ lines, faults }) => {
		expect(faultsOf(...lines)).toEqual(
			faults.map((fault) => (typeof fault === "string" ? fault : expect.stringMatching(fault))),
		);
	});

	test("whatever the text, it is a policy or has faults", () => {
		// One that fast-check has makes a table of all code points first.
		const unit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
		const word = fc.constantFrom(
			...["bindings", "roles", ":", "-", " ", "\n", "[", "]", "{", "}"],
			"*",
			"&a",
			"'",
			'"',
			"a",
			"viewer",
			"role",
			"names",
			"\t",
			"#",
			"|",
			">",
			"?",
			"!",
		);
		const text = fc.oneof(
			fc.string({ unit }),
			fc.array(word).map((words) => words.join("")),
		);
		fc.assert(
			fc.property(text, (source) => {
				const parsed = parsePolicy(source);
				if (parsed.kind === "faults") {
					expect(parsed.faults.length).toBeGreaterThan(0);
					for (const { line } of parsed.faults) {
						expect(line).toBeGreaterThan(0);
						expect(line).toBeLessThanOrEqual(source.split(/\r\n|\r|\n/).length);
					}
				}
			}),
			{ seed: 15, numRuns: 500 },
		);
	});
});
