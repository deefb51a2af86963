import { openDatabase } from "./database.ts";
import type { OpenedStorage } from "./storage.ts";

/** A storage that ends with the process: the same database, in memory and on this thread. */
export async function openMemoryStorage(): Promise<OpenedStorage> {
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
