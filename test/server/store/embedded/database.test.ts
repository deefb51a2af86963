import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test, vi } from "vitest";
import { migrations, openDatabase } from "../../../../server/src/store/embedded/database.ts";
import type { Commit } from "../../../../server/src/store/embedded/storage.ts";
import { withDataFile } from "./harness.ts";

const bytes = new Uint8Array([1, 2, 3]);

function write(name: string, version: bigint, base = 0n): Commit {
	const ref = { namespace: "default", name };
	return {
		writes: [
			{
				change: { version, timeMs: 5, ...ref, previous: undefined, deleted: false },
				record: { ...ref, object: bytes, requestId: "r", fingerprint: "f" },
			},
		],
		head: version,
		base,
	};
}

describe("a data file", () => {
	test("is created with its folder, for its owner only", () =>
		withDataFile(async (dataPath) => {
			openDatabase(dataPath).close();
			expect((await stat(dataPath)).mode & 0o777).toBe(0o600);
			expect((await stat(dirname(dataPath))).mode & 0o777).toBe(0o700);
		}));

	test("keeps records, history, head and base", () =>
		withDataFile(async (dataPath) => {
			const database = openDatabase(dataPath);
			database.commit(write("a", 10n));
			database.commit(write("b", 11n));
			database.commit(write("c", 12n, 10n));
			database.close();
			const again = openDatabase(dataPath);
			const { records, history, head, base } = again.load();
			expect(records.map(({ name }) => name)).toEqual(["a", "b", "c"]);
			expect(records[0]).toMatchObject({ object: bytes, requestId: "r", fingerprint: "f" });
			expect(history.map(({ version }) => version)).toEqual([11n, 12n]);
			expect([head, base]).toEqual([12n, 10n]);
			again.close();
		}));

	test("holds versions beyond 2^53", () =>
		withDataFile(async (dataPath) => {
			const database = openDatabase(dataPath);
			const first = 2n ** 53n - 2n;
			for (let step = 0n; step < 4n; step++) database.commit(write("a", first + step));
			const { history, head } = database.load();
			expect(history.map(({ version }) => version - first)).toEqual([0n, 1n, 2n, 3n]);
			expect(head).toBe(2n ** 53n + 1n);
			database.close();
		}));

	test("has nothing of a commit that fails half-way, and takes the next one", () => {
		const database = openDatabase(":memory:");
		database.commit(write("a", 10n));
		const half = {
			writes: [...write("b", 11n).writes, ...write("c", 10n).writes],
			head: 11n,
			base: 0n,
		};
		expect(() => database.commit(half)).toThrow(expect.objectContaining({ lasting: false }));
		expect(database.load().records).toHaveLength(1);
		database.commit(write("b", 11n));
		expect(database.load()).toMatchObject({ head: 11n, history: [{}, {}] });
		database.close();
	});

	test("that is full refuses a commit, keeps what it had, and goes on when there is room", () =>
		withDataFile(async (dataPath) => {
			const database = openDatabase(dataPath, [...migrations, "PRAGMA max_page_count = 12"]);
			database.commit(write("a", 10n));
			const large = write("b", 11n);
			const object = new Uint8Array(200_000);
			const tooLarge = {
				...large,
				writes: large.writes.map((w) => ({ ...w, record: w.record && { ...w.record, object } })),
			};
			expect(() => database.commit(tooLarge)).toThrow(
				expect.objectContaining({ lasting: false, code: "FULL" }),
			);
			database.commit(write("c", 12n));
			expect(database.load().records.map(({ name }) => name)).toEqual(["a", "c"]);
			database.close();
		}));
});

describe("a commit that fails is told by SQLite's result code", () => {
	// https://sqlite.org/rescode.html
	test.each([
		["SQLITE_FULL", 13, { code: "FULL", lasting: false }],
		["SQLITE_READONLY", 8, { code: "READ_ONLY", lasting: false }],
		["SQLITE_READONLY_DBMOVED", 1032, { code: "READ_ONLY", lasting: false }],
		["SQLITE_IOERR_WRITE", 778, { code: "WRITE", lasting: false }],
		["SQLITE_NOMEM", 7, { code: "OTHER", lasting: false }],
		["SQLITE_IOERR", 10, { code: "IO", lasting: true }],
		["SQLITE_IOERR_FSYNC", 1034, { code: "IO", lasting: true }],
		["SQLITE_CORRUPT", 11, { code: "DAMAGED", lasting: true }],
		["SQLITE_NOTADB", 26, { code: "DAMAGED", lasting: true }],
	])("%s (%i)", (_, errcode, expected) => {
		const database = openDatabase(":memory:");
		const { exec } = DatabaseSync.prototype;
		const broken = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (
			this: DatabaseSync,
			sql,
		) {
			if (sql === "COMMIT") throw Object.assign(new Error("the same text for all"), { errcode });
			exec.call(this, sql);
		});
		try {
			expect(() => database.commit(write("a", 10n))).toThrow(expect.objectContaining(expected));
		} finally {
			broken.mockRestore();
		}
		expect(database.load().records).toEqual([]);
		database.close();
	});
});

describe("a probe", () => {
	test("writes a page, and leaves what is stored and its folder as they were", () =>
		withDataFile(async (dataPath) => {
			const database = openDatabase(dataPath);
			database.commit(write("a", 10n));
			const before = database.load();
			const { size } = await stat(`${dataPath}-wal`);
			database.probe(200_000);
			expect((await stat(`${dataPath}-wal`)).size).toBeGreaterThan(size);
			expect(database.load()).toEqual(before);
			expect((await readdir(dirname(dataPath))).sort()).toEqual(["wukong.db", "wukong.db-wal"]);
			database.close();
		}));

	test("passes over a room file that it cannot make, because that says nothing of the data file", () =>
		withDataFile(async (dataPath) => {
			const database = openDatabase(dataPath);
			await mkdir(`${dataPath}-room`);
			expect(() => database.probe(1)).not.toThrow();
			database.close();
		}));
});

describe("a data file that is up to date", () => {
	test("is opened without a write, so that it opens on a full disk", () =>
		withDataFile(async (dataPath) => {
			openDatabase(dataPath).close();
			const database = openDatabase(dataPath);
			expect((await stat(`${dataPath}-wal`)).size).toBe(0);
			database.close();
		}));
});

describe("a data file is refused", () => {
	const open = (dataPath: string) => () => openDatabase(dataPath).close();

	test("while another process uses it, in one line that names it", () =>
		withDataFile(async (dataPath) => {
			const child = fork(new URL("./hold-child.ts", import.meta.url), [dataPath]);
			await once(child, "message");
			expect(open(dataPath)).toThrow(
				expect.objectContaining({
					code: "LOCKED",
					message: `cannot open the data file ${dataPath}: another process uses it`,
				}),
			);
			child.kill("SIGKILL");
			await once(child, "exit");
			expect(open(dataPath)).not.toThrow();
		}));

	test("when a newer release wrote it, and left as it is", () =>
		withDataFile(async (dataPath) => {
			openDatabase(dataPath, [...migrations, "CREATE TABLE future (x TEXT) STRICT"]).close();
			expect(open(dataPath)).toThrow(expect.objectContaining({ code: "NEWER" }));
			expect(open(dataPath)).toThrow(`schema version ${migrations.length + 1} is newer`);
		}));

	test("when it belongs to another program", () =>
		withDataFile(async (dataPath) => {
			await mkdir(dirname(dataPath));
			const foreign = new DatabaseSync(dataPath);
			foreign.exec("CREATE TABLE bookmarks (url TEXT)");
			foreign.close();
			expect(open(dataPath)).toThrow(expect.objectContaining({ code: "FOREIGN" }));
		}));

	test("when it is no database at all", () =>
		withDataFile(async (dataPath) => {
			await mkdir(dirname(dataPath));
			await writeFile(dataPath, "hello, this is text ".repeat(1_000));
			expect(open(dataPath)).toThrow(expect.objectContaining({ code: "FOREIGN" }));
		}));

	test("when its folder cannot be made", () =>
		withDataFile(async (dataPath) => {
			await writeFile(dirname(dataPath), "a file in the folder's place");
			expect(open(dataPath)).toThrow(expect.objectContaining({ code: "UNREACHABLE" }));
		}));
});

describe("a migration", () => {
	test("takes an older file to the present schema and keeps what is in it", () =>
		withDataFile(async (dataPath) => {
			const older = openDatabase(dataPath);
			older.commit(write("a", 10n));
			older.close();
			const steps = [
				...migrations,
				"ALTER TABLE store ADD COLUMN note TEXT NOT NULL DEFAULT 'moved'",
				"UPDATE store SET note = note || ' twice'",
			];
			const newer = openDatabase(dataPath, steps);
			expect(newer.load()).toMatchObject({ head: 10n, records: [{ name: "a" }] });
			newer.close();
			openDatabase(dataPath, steps).close();
			const raw = new DatabaseSync(dataPath);
			expect(raw.prepare("SELECT note FROM store").get()).toEqual({ note: "moved twice" });
			raw.close();
		}));

	test("that fails leaves the file at its old schema", () =>
		withDataFile(async (dataPath) => {
			openDatabase(dataPath).close();
			const broken = [...migrations, "CREATE TABLE half (x TEXT) STRICT", "NONSENSE"];
			expect(() => openDatabase(dataPath, broken)).toThrow(
				expect.objectContaining({ code: "UNREACHABLE" }),
			);
			const raw = new DatabaseSync(dataPath);
			expect(raw.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined();
			raw.close();
			expect(() => openDatabase(dataPath).close()).not.toThrow();
		}));
});
