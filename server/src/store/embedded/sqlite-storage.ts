import { Worker } from "node:worker_threads";
import { openDatabase } from "./database.ts";
import type { WorkerAnswer, WorkerRequest } from "./database-worker.ts";
import type { OpenedStorage } from "./storage.ts";
import { CommitError, StoreOpenError } from "./storage-error.ts";

/** The worker's file as it is run: source by type stripping, or built. */
const workerUrl = new URL(
	import.meta.url.endsWith(".ts") ? "./database-worker.ts" : "./database-worker.js",
	import.meta.url,
);

/**
 * Opens SQLite: a data file in a worker thread, or `:memory:` on this thread.
 * @throws StoreOpenError
 */
export function openSqliteStorage(dataPath: string): Promise<OpenedStorage> {
	return dataPath === ":memory:" ? openMemoryStorage() : openFileStorage(dataPath);
}

/** Opens a storage that ends with the process: the same database, in memory and on this thread. */
async function openMemoryStorage(): Promise<OpenedStorage> {
	const database = openDatabase(":memory:");
	return {
		contents: database.load(),
		storage: {
			commit: async (commit) => database.commit(commit),
			probe: async (roomBytes) => database.probe(roomBytes),
			close: async () => database.close(),
		},
	};
}

/** Opens a data file in a worker thread of its own. @throws StoreOpenError */
async function openFileStorage(dataPath: string): Promise<OpenedStorage> {
	const worker = startWorker(dataPath);
	const first = await worker.answer();
	if (first.kind !== "opened") {
		await worker.exited;
		const code = first.kind === "open-error" ? first.code : "UNREACHABLE";
		throw new StoreOpenError(code, dataPath, problemOf(first));
	}
	return {
		contents: first.contents,
		storage: {
			commit: (commit) => done(worker, { ask: "commit", commit }),
			probe: (roomBytes) => done(worker, { ask: "probe", roomBytes }),
			async close() {
				worker.ask({ ask: "close" });
				await worker.exited;
			},
		},
	};
}

async function done(worker: DatabaseWorker, request: WorkerRequest): Promise<void> {
	worker.ask(request);
	const answer = await worker.answer();
	if (answer.kind === "done") return;
	// A worker that is gone may have written before it went.
	const code = answer.kind === "commit-error" ? answer.code : "GONE";
	throw new CommitError(code, problemOf(answer));
}

/** The worker ended without being asked to. */
interface Gone {
	readonly kind: "gone";
	readonly problem: string;
}

interface DatabaseWorker {
	ask(request: WorkerRequest): void;
	/** The answer to what was asked last; `Gone` where there will be none. */
	answer(): Promise<WorkerAnswer | Gone>;
	readonly exited: Promise<void>;
}

function startWorker(dataPath: string): DatabaseWorker {
	const worker = new Worker(workerUrl, { workerData: dataPath });
	let gone: Gone | undefined;
	let take: ((answer: WorkerAnswer | Gone) => void) | undefined;
	const end = (problem: string) => {
		gone ??= { kind: "gone", problem };
		take?.(gone);
	};
	worker.on("message", (answer: WorkerAnswer) => take?.(answer));
	worker.on("error", (error) => end(String(error)));
	worker.on("exit", () => end("the database worker has ended"));
	return {
		ask: (request) => worker.postMessage(request),
		answer: () =>
			new Promise((resolve) => {
				if (gone === undefined) take = resolve;
				else resolve(gone);
			}),
		exited: new Promise((resolve) => worker.once("exit", () => resolve())),
	};
}

function problemOf(answer: WorkerAnswer | Gone): string {
	return "problem" in answer ? answer.problem : `unexpected answer "${answer.kind}"`;
}
