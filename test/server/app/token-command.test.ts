import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTokenCommand, tokenHelp } from "../../../server/src/app/token-command.ts";
import { hashApiKey } from "../../../server/src/auth/api-keys/api-key.ts";
import { parseKeyFile } from "../../../server/src/auth/api-keys/key-file.ts";

const clock = { nowMs: () => Date.UTC(2026, 0, 1) };
const keyPattern = /wk_[A-Za-z0-9_-]{43}/;

let folder = "";
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-token-"));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...argv: string[]) => runTokenCommand(argv, clock);

test("token create prints a key, and the line for the file, which has its SHA-256 only", async () => {
	const { out, err, isGood } = await run("create", "--name", "ci", "--groups", "ops,dev");
	const key = keyPattern.exec(out)?.[0] ?? "";
	const line = /^ {2}(name=.*)$/m.exec(out)?.[1] ?? "";
	expect([err, isGood]).toEqual(["", true]);
	expect(line).not.toContain(key);
	const entry = { name: "ci", groups: ["ops", "dev"], expireTimeMs: undefined };
	expect(parseKeyFile(line, "keys")).toEqual([{ ...entry, sha256: hashApiKey(key) }]);
	expect((await run("create", "--name", "ci")).out).not.toContain(key);
});

test("--append adds the line to a file of the owner's, on a line of its own, and prints the key alone", async () => {
	const file = join(folder, "keys");
	const first = await run("create", "--name", "a", "--expires=90d", "--append", file);
	expect((await stat(file)).mode & 0o077).toBe(0);
	await writeFile(file, (await readFile(file, "utf8")).trimEnd());
	const second = await run(
		"create",
		"--name=b",
		"--expires=2027-01-31T00:00:00Z",
		`--append=${file}`,
	);
	const entries = parseKeyFile(await readFile(file, "utf8"), "keys");
	expect(entries.map(({ name }) => name)).toEqual(["a", "b"]);
	expect(entries.map(({ sha256 }) => sha256)).toEqual(
		[first, second].map(({ out }) => hashApiKey(out.trimEnd())),
	);
	expect(entries.map(({ expireTimeMs }) => expireTimeMs)).toEqual([
		Date.UTC(2026, 3, 1),
		Date.UTC(2027, 0, 31),
	]);
	const nowhere = await run("create", "--name=c", "--append", join(folder, "no", "keys"));
	expect(nowhere).toMatchObject({ out: "", isGood: false });
	expect(nowhere.err).toMatch(/cannot be written: ENOENT\n$/);
});

test.each([
	["create"],
	["make", "--name=ci"],
	["create", "--name=system:x"],
	["create", "--name=ci", "--groups=system:masters"],
	["create", "--name=ci", "--groups="],
	["create", "--name=ci", "--expires=2025-01-01T00:00:00Z"],
	["create", "--name=ci", "--expires=soon"],
	["create", "--name=ci", "--expires=0d"],
	["create", "--name=ci", "--nmae=x"],
	["create", "--name"],
	[],
])("what makes no key makes none: %j", async (...argv) => {
	const { out, err, isGood } = await run(...argv);
	expect([out, isGood]).toEqual(["", false]);
	expect(err).toMatch(/^wukong-server token: [^\n]+\n$/);
});

test("--help says how it is used", async () => {
	expect((await run("--help")).out).toBe(tokenHelp);
});
