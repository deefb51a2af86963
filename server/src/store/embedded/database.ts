import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ensureDataFile, tryDiskSpace } from "./data-file.ts";
import type { Commit, Contents, HistoryRow, RecordRow } from "./storage.ts";
import {
	CommitError,
	commitErrorCode,
	describe,
	openError,
	StoreOpenError,
} from "./storage-error.ts";

/** The one connection to a data file. All SQL of the service is in this file. */
export interface Database {
	/** @throws StoreOpenError */
	load(): Contents;
	/** One transaction. @throws CommitError */
	commit(commit: Commit): void;
	/** Checks whether so many bytes could be committed; changes nothing. @throws CommitError */
	probe(roomBytes: number): void;
	close(): void;
}

/** Each step takes a file from the schema version that is its index to the next one. */
export const migrations: readonly string[] = [
	`CREATE TABLE store (
		id INTEGER PRIMARY KEY CHECK (id = 1), head INTEGER NOT NULL, base INTEGER NOT NULL
	) STRICT;
	INSERT INTO store VALUES (1, 0, 0);
	CREATE TABLE wukong (
		namespace TEXT NOT NULL, name TEXT NOT NULL, object BLOB NOT NULL,
		request_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
		UNIQUE (namespace, name)
	) STRICT;
	CREATE TABLE history (
		version INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,
		namespace TEXT NOT NULL, name TEXT NOT NULL, previous BLOB, deleted INTEGER NOT NULL
	) STRICT;`,
];

/** Marks the file as ours (`PRAGMA application_id`): "WUKO". */
const applicationId = 0x57554b4f;

/** A process that is ending releases the file within this time; a running one never does. */
const busyTimeoutMs = 1_000;

/**
 * Opens a data file, creates it (and its folder) where it is missing, and brings its
 * schema up to date. Commits are durable when they return: WAL with synchronous FULL.
 * @param dataPath a path, or `:memory:`.
 * @param steps the migrations; all of them by default.
 * @throws StoreOpenError
 */
export function openDatabase(dataPath: string, steps = migrations): Database {
	let connection: DatabaseSync | undefined;
	try {
		if (dataPath !== ":memory:") ensureDataFile(dataPath);
		// Of a whole path SQLite takes no part for the beginning of a URI, as in "file:a.db".
		const location = dataPath === ":memory:" ? dataPath : resolve(dataPath);
		connection = new DatabaseSync(location, {
			timeout: busyTimeoutMs,
			// Versions may pass 2^53, where a number throws: on reading, and on writing a row's id.
			readBigInts: true,
		});
		prepareConnection(connection, dataPath);
		migrate(connection, dataPath, steps);
		return createDatabase(connection, dataPath);
	} catch (error) {
		connection?.close();
		throw error instanceof StoreOpenError ? error : openError(dataPath, error);
	}
}

function prepareConnection(connection: DatabaseSync, dataPath: string): void {
	requireSafeSqlite(connection, dataPath);
	// Before the first access: then the lock is held until the connection closes.
	connection.exec("PRAGMA locking_mode = EXCLUSIVE");
	connection.exec("PRAGMA journal_mode = WAL");
	connection.exec("PRAGMA synchronous = FULL");
	connection.exec("PRAGMA mmap_size = 0");
	connection.exec("PRAGMA trusted_schema = OFF");
	connection.exec("PRAGMA journal_size_limit = 67108864");
}

/**
 * Checks SQLite's version: before 3.51.3 a reset of the WAL could race with a checkpoint and
 * corrupt the file.
 */
function requireSafeSqlite(connection: DatabaseSync, dataPath: string): void {
	const { version } = connection.prepare("SELECT sqlite_version() AS version").get() as {
		version: string;
	};
	const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
	if (major * 1_000_000 + minor * 1_000 + patch >= 3_051_003) return;
	throw new StoreOpenError("OLD_SQLITE", dataPath, `SQLite ${version} is older than 3.51.3`);
}

function migrate(connection: DatabaseSync, dataPath: string, steps: readonly string[]): void {
	connection.exec("BEGIN EXCLUSIVE");
	const found = readPragma(connection, "user_version");
	if (found > steps.length) {
		const problem = `its schema version ${found} is newer than ${steps.length}, which this release knows`;
		throw new StoreOpenError("NEWER", dataPath, problem);
	}
	const tables = connection.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get();
	if (tables !== undefined && readPragma(connection, "application_id") !== applicationId) {
		throw new StoreOpenError("FOREIGN", dataPath, "it is the database of another program");
	}
	for (const step of steps.slice(found)) connection.exec(step);
	// A file that is up to date opens on a full disk too.
	if (found < steps.length) {
		writeSchemaVersion(connection, steps.length);
		connection.exec(`PRAGMA application_id = ${applicationId}`);
	}
	connection.exec("COMMIT");
}

function writeSchemaVersion(connection: DatabaseSync, version: number): void {
	connection.exec(`PRAGMA user_version = ${version}`);
}

function readPragma(connection: DatabaseSync, name: "user_version" | "application_id"): number {
	return Number(connection.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function createDatabase(connection: DatabaseSync, dataPath: string): Database {
	const setStore = connection.prepare("UPDATE store SET head = ?, base = ?");
	const putRecord = connection.prepare(
		`INSERT INTO wukong (namespace, name, object, request_id, fingerprint) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (namespace, name) DO UPDATE SET object = excluded.object,
			request_id = excluded.request_id, fingerprint = excluded.fingerprint`,
	);
	const dropRecord = connection.prepare("DELETE FROM wukong WHERE namespace = ? AND name = ?");
	const addChange = connection.prepare("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)");
	const pruneHistory = connection.prepare("DELETE FROM history WHERE version <= ?");

	const write = (commit: Commit): void => {
		for (const { change, record } of commit.writes) {
			const { version, timeMs, namespace, name, previous, deleted } = change;
			if (record === undefined) {
				dropRecord.run(namespace, name);
			} else {
				putRecord.run(namespace, name, record.object, record.requestId, record.fingerprint);
			}
			if (version > commit.base) {
				addChange.run(version, timeMs, namespace, name, previous ?? null, deleted ? 1 : 0);
			}
		}
		pruneHistory.run(commit.base);
		setStore.run(commit.head, commit.base);
	};

	const transact = (act: () => void): void => {
		try {
			connection.exec("BEGIN IMMEDIATE");
			act();
			connection.exec("COMMIT");
		} catch (error) {
			const code = rolledBack(connection) ? commitErrorCode(error) : "IO";
			throw new CommitError(code, `the commit failed: ${describe(error)}`, error);
		}
	};

	return {
		load() {
			try {
				return loadContents(connection);
			} catch (error) {
				throw openError(dataPath, error);
			}
		},
		commit: (commit) => transact(() => write(commit)),
		probe: (roomBytes) =>
			transact(() => {
				if (dataPath !== ":memory:") tryDiskSpace(dataPath, roomBytes);
				// Unlike a row that is given the value it has, this writes a page.
				writeSchemaVersion(connection, readPragma(connection, "user_version"));
			}),
		close: () => connection.close(),
	};
}

/** A row of the history as SQLite gives it. */
interface HistoryFields extends Pick<HistoryRow, "version" | "namespace" | "name"> {
	readonly timeMs: bigint;
	readonly previous: Uint8Array | null;
	readonly deleted: bigint;
}

function loadContents(connection: DatabaseSync): Contents {
	const records = connection
		.prepare(
			"SELECT namespace, name, object, request_id AS requestId, fingerprint FROM wukong ORDER BY namespace, name",
		)
		.all() as unknown as RecordRow[];
	const readHistory = connection.prepare(
		"SELECT version, time_ms AS timeMs, namespace, name, previous, deleted FROM history ORDER BY version",
	);
	const history = (readHistory.all() as unknown as HistoryFields[]).map(
		(row): HistoryRow => ({
			...row,
			timeMs: Number(row.timeMs),
			previous: row.previous ?? undefined,
			deleted: row.deleted !== 0n,
		}),
	);
	const readStore = connection.prepare("SELECT head, base FROM store");
	const { head, base } = readStore.get() as unknown as { head: bigint; base: bigint };
	return { records, history, head, base };
}

function rolledBack(connection: DatabaseSync): boolean {
	try {
		if (connection.isTransaction) connection.exec("ROLLBACK");
		return true;
	} catch {
		return false;
	}
}
