import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { openSqliteStorage } from "../../../../server/src/store/embedded/sqlite-storage.ts";
import { StoreOpenError } from "../../../../server/src/store/embedded/storage-error.ts";
import { withDataFile } from "./harness.ts";

const empty = { writes: [], head: 0n, base: 0n };

test("a file that cannot be opened is told with its class and code across the thread", () =>
	withDataFile(async (dataPath) => {
		await mkdir(dirname(dataPath));
		await writeFile(dataPath, "hello, this is text ".repeat(1_000));
		const refusal = await openSqliteStorage(dataPath).catch((error: unknown) => error);
		expect(refusal).toBeInstanceOf(StoreOpenError);
		expect(refusal).toMatchObject({ code: "FOREIGN", dataPath });
	}));

test("a commit that the database refuses is told as surely not written", () =>
	withDataFile(async (dataPath) => {
		const { storage } = await openSqliteStorage(dataPath);
		const change = { version: 1n, timeMs: 0, namespace: "default", name: "a", deleted: false };
		const write = { change: { ...change, previous: undefined }, record: undefined };
		const twice = { writes: [write, write], head: 1n, base: 0n };
		await expect(storage.commit(twice)).rejects.toMatchObject({ lasting: false });
		await storage.commit(empty);
		await storage.close();
	}));

test("a commit to a worker that is gone fails for good", () =>
	withDataFile(async (dataPath) => {
		const { storage } = await openSqliteStorage(dataPath);
		await storage.close();
		await expect(storage.commit(empty)).rejects.toMatchObject({ lasting: true });
	}));
