import { mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Decision } from "../../../../server/src/auth/authorizer.ts";
import {
	createPolicyFile,
	type PolicyFile,
} from "../../../../server/src/auth/policy/policy-file.ts";
import { principalOf } from "../../../support/fake-authorizer.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { until } from "../../../support/until.ts";

const policyFor = (...namespaces: string[]) =>
	`bindings:\n- role: viewer\n  names: [ann]\n  namespaces: [${namespaces.join()}]\n`;
const ann = principalOf("ann");

let folder: string;
let file: string;
let clock: FakeClock;
let policy: PolicyFile;
let heard: string[];
let changes: number;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "policy-"));
	file = join(folder, "policy.yaml");
	clock = createFakeClock();
	heard = [];
	changes = 0;
	policy = createPolicyFile({
		file,
		clock,
		observer: {
			policyReloaded: () => void heard.push("reloaded"),
			policyNotReloaded: (error) => void heard.push(String(error).replaceAll(folder, "")),
		},
	});
	policy.onChange(() => void changes++);
});
afterEach(async () => {
	policy.stop();
	await rm(folder, { recursive: true });
});

const may = (verb: "get" | "start", namespace: string) =>
	(policy.decide(ann, { verb, namespace, name: "" }) as Decision).allowed;

/** Looks at the file until something is so; a look is real, its clock is not. */
const lookUntil = (what: string, check: () => boolean) =>
	until(what, () => {
		void clock.advance(1_000);
		return check();
	});

describe("a policy file", () => {
	test("decides at once, by verb and namespace", async () => {
		await writeFile(file, policyFor("a", "b"));
		await policy.start();
		expect([may("get", "a"), may("get", "c"), may("start", "a")]).toEqual([true, false, false]);
		expect(policy.namespacesOf(ann, "list")).toMatchObject({ names: ["a", "b"] });
		expect(policy.namespacesOf(principalOf("bob"), "list")).toMatchObject({ names: [] });
		expect(may("get", "")).toBe(false);
	});

	test("is read again when it changes, and tells of it", async () => {
		await writeFile(file, policyFor("a"));
		await policy.start();
		await writeFile(`${file}.new`, policyFor("b"));
		await rename(`${file}.new`, file);
		const before = changes;
		await lookUntil("the new file counts", () => may("get", "b"));
		expect([may("get", "a"), changes - before, heard]).toEqual([false, 1, ["reloaded"]]);
	});

	test("is followed through links, as a mounted ConfigMap has them", async () => {
		const [one, two] = [join(folder, "1"), join(folder, "2")];
		await writeFile(one, policyFor("a"));
		await writeFile(two, policyFor("b"));
		await symlink(one, file);
		await policy.start();
		await unlink(file);
		await symlink(two, file);
		await lookUntil("the new file counts", () => may("get", "b"));
	});

	test("that is broken keeps what it said before, and is told of once", async () => {
		await writeFile(file, policyFor("a"));
		await policy.start();
		expect(policy.trouble()).toBeUndefined();
		await writeFile(file, "bindings:\n- role: viewr\n  name: [x]\n");
		await lookUntil("the fault is told", () => heard.length > 0);
		for (let count = 0; count < 3; count++) await clock.advance(1_000);
		expect(heard).toEqual([
			[
				"PolledFileError: /policy.yaml:2: no role is called viewr; there are viewer, power, editor, admin",
				"/policy.yaml:2: a binding needs names or groups",
				'/policy.yaml:2: a binding needs namespaces; "*" means all of them',
				'/policy.yaml:3: "name" is not known in a binding; there are role, names, groups, namespaces',
			].join("\n"),
		]);
		expect(may("get", "a")).toBe(true);
		expect(policy.trouble()).toMatch(/^the policy file cannot be used/);
		await writeFile(file, policyFor("c"));
		await lookUntil("the new file counts", () => may("get", "c"));
		expect(policy.trouble()).toBeUndefined();
	});

	test("that is gone keeps what it said before", async () => {
		await writeFile(file, policyFor("a"));
		await policy.start();
		await unlink(file);
		await lookUntil("the fault is told", () => heard.length > 0);
		expect(may("get", "a")).toBe(true);
	});

	test.each([
		["is not there", undefined, /cannot be read: ENOENT/],
		["is a folder", "/", /cannot be read: it is no file/],
		["is broken", "bindings: []", /policy.yaml:1: bindings is an empty list/],
	])("that %s when the service starts ends the start", async (_, text, words) => {
		if (text !== undefined && text !== "/") await writeFile(file, text);
		const other = text === "/" ? createPolicyFile({ file: folder, clock, observer: none }) : policy;
		await expect(other.start()).rejects.toThrow(words);
		expect(clock.pendingTimers).toBe(0);
	});
});

const none = { policyReloaded() {}, policyNotReloaded() {} };
