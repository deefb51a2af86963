import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../../../../server/src/store/embedded/database.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-data-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (path: string) => openDatabase(path).close();

describe("a data file that cannot be opened is told in one line, at once", () => {
	test.each<[what: string, make: () => string | Promise<string>, problem: RegExp]>([
		["in a folder", () => folder, /it is a folder/],
		["a folder of this name", () => ".", /it is a folder/],
		["/dev/null", () => "/dev/null", /no regular file/],
		["below a device", () => "/dev/null/x.db", /\/dev\/null is no folder|ENOTDIR/],
		["far below a device", () => "/dev/null/a/b/x.db", /no folder|ENOTDIR/],
		["a socket or pipe", () => fifo(), /no regular file/],
		["a link to a device", () => link("/dev/null"), /no regular file/],
		[
			"a link to nothing",
			() => link(join(folder, "nothing")),
			/a link to a file that is not there/,
		],
		["a link to itself", () => link(join(folder, "link")), /ELOOP/],
		["below a file", () => below("a file", ""), /no folder|ENOTDIR/],
		[
			"below a link to nothing",
			async () => join(await link("/nowhere/at/all"), "x.db"),
			/EEXIST|ENOENT/,
		],
		["a name that is too long", () => join(folder, "x".repeat(300)), /ENAMETOOLONG/],
	])("%s", async (_, make, problem) => {
		const path = await make();
		expect(() => open(path)).toThrow(
			expect.objectContaining({
				name: "StoreOpenError",
				message: expect.stringMatching(/^cannot open the data file [^\n]+$/),
				problem: expect.stringMatching(problem),
			}),
		);
	});

	const systemFolders = [
		"/proc/nope/x.db",
		"/proc/nope/a/b/x.db",
		"/proc/x.db",
		"/sys/x.db",
		"/sys/nope/x.db",
	];
	// Linux has these folders.
	test.skipIf(!existsSync("/proc/self")).each(systemFolders)(
		"%s, where Node's recursive mkdir never ends",
		(path) => {
			// In a process of its own, because a loop would not let this one give up.
			const child = fileURLToPath(new URL("./hold-child.ts", import.meta.url));
			const ran = spawnSync(process.execPath, [child, path], {
				encoding: "utf8",
				timeout: 100_000,
			});
			expect(ran.signal).toBeNull();
			expect(ran.stderr).toContain(`cannot open the data file ${path}: `);
		},
	);
});

describe("a data file", () => {
	test("is made with all folders that are missing, for its owner only", async () => {
		const path = join(folder, "a/b/c/wukong.db");
		open(path);
		for (const part of ["a", "a/b", "a/b/c"]) {
			expect((await stat(join(folder, part))).mode & 0o777).toBe(0o700);
		}
		expect((await stat(path)).mode & 0o777).toBe(0o600);
	});

	test("whose name looks like a URI is that file, and none beside it", async () => {
		const before = process.cwd();
		process.chdir(folder);
		try {
			open("file:x.db?mode=memory");
		} finally {
			process.chdir(before);
		}
		expect(await readdir(folder)).toEqual(["file:x.db?mode=memory"]);
	});

	test("may be a link to one, and lie in a folder that is one", async () => {
		await mkdir(join(folder, "real"));
		await symlink(join(folder, "real"), join(folder, "linked"));
		open(join(folder, "linked/x.db"));
		open(await link(join(folder, "real/x.db")));
	});
});

async function link(target: string): Promise<string> {
	const path = join(folder, "link");
	await symlink(target, path);
	return path;
}

async function below(name: string, content: string): Promise<string> {
	await writeFile(join(folder, name), content);
	return join(folder, name, "x.db");
}

function fifo(): string {
	const path = join(folder, "pipe");
	execFileSync("mkfifo", [path]);
	return path;
}
