import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listContract } from "../../scripts/contract-listing.ts";
import { root } from "../../scripts/source-files.ts";

test("names, numbers, presence, HTTP rules and validation rules are as listed", () => {
	// After a wanted change: `npm run proto:rules`, and read the difference.
	expect(listContract()).toBe(readFileSync(join(root, "proto/rules.txt"), "utf8"));
});

test("no two HTTP rules can match one request", () => {
	const rules = [...listContract().matchAll(/^ {4}(GET|POST|PUT|PATCH|DELETE) (\S+)/gm)].map(
		([, verb, path]) => ({ verb, path: path ?? "" }),
	);
	expect(rules).toHaveLength(38);
	for (const [index, rule] of rules.entries()) {
		// A name holds neither `:` nor `/`.
		const pattern = new RegExp(`^${rule.path.replaceAll(/\{[^}]*\}/g, "[^/:]+")}$`);
		const rivals = rules.filter(
			(other, at) =>
				at !== index &&
				other.verb === rule.verb &&
				pattern.test(other.path.replaceAll(/\{[^}]*\}/g, "x")),
		);
		expect(rivals, rule.path).toEqual([]);
	}
});
