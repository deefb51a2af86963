import { parentPort, workerData } from "node:worker_threads";
import { type Database, openDatabase } from "./database.ts";
import type { Commit, Contents } from "./storage.ts";
import {
	CommitError,
	type CommitErrorCode,
	type OpenErrorCode,
	StoreOpenError,
} from "./storage-error.ts";

/** A request to the worker, one at a time; the file is opened without a request. */
export type WorkerRequest =
	| { readonly ask: "commit"; readonly commit: Commit }
	| { readonly ask: "probe"; readonly roomBytes: number }
	| { readonly ask: "close" };

/**
 * An answer of the worker: first `opened` or an error, then `done` or an error to each commit and probe.
 * The answer to `close` is its exit.
 */
export type WorkerAnswer =
	| { readonly kind: "opened"; readonly contents: Contents }
	| { readonly kind: "done" }
	| { readonly kind: "open-error"; readonly code: OpenErrorCode; readonly problem: string }
	| { readonly kind: "commit-error"; readonly code: CommitErrorCode; readonly problem: string };

/** Runs the database off the main thread: an fsync must not hold up the event loop. */
function serve(dataPath: string): void {
	const say = (answer: WorkerAnswer) => parentPort?.postMessage(answer);
	let database: Database;
	let contents: Contents;
	try {
		database = openDatabase(dataPath);
		contents = database.load();
	} catch (error) {
		if (!(error instanceof StoreOpenError)) throw error;
		say({ kind: "open-error", code: error.code, problem: error.problem });
		return;
	}
	parentPort?.on("message", (request: WorkerRequest) => {
		switch (request.ask) {
			case "commit":
				return say(outcomeOf(() => database.commit(request.commit)));
			case "probe":
				return say(outcomeOf(() => database.probe(request.roomBytes)));
			case "close":
				database.close();
				parentPort?.close();
		}
	});
	say({ kind: "opened", contents });
}

/** Errors lose their class on the way between threads, so the expected one is spelled out. */
function outcomeOf(act: () => void): WorkerAnswer {
	try {
		act();
		return { kind: "done" };
	} catch (error) {
		// Any other error ends the worker, which its owner sees.
		if (!(error instanceof CommitError)) throw error;
		return { kind: "commit-error", code: error.code, problem: error.message };
	}
}

serve(workerData as string);
