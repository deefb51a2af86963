import { openSqliteStorage } from "../../../../server/src/store/embedded/sqlite-storage.ts";
import type { OpenedStorage } from "../../../../server/src/store/embedded/storage.ts";

/** A storage whose commits the test holds back, lets fail, and counts. */
export function createGate() {
	const sizes: number[] = [];
	const rooms: number[] = [];
	let failure: Error | undefined;
	let held: Promise<void> | undefined;
	let open = () => {};
	const pass = async (act: () => Promise<void>) => {
		await held;
		if (failure !== undefined) throw failure;
		await act();
	};
	return {
		/** Number of writes of each commit so far. */
		sizes,
		/** Bytes that each probe so far asked for. */
		rooms,
		hold() {
			({ promise: held, resolve: open } = Promise.withResolvers<void>());
		},
		release() {
			held = undefined;
			open();
		},
		fail(next: Error | undefined) {
			failure = next;
		},
		async open(): Promise<OpenedStorage> {
			const { storage, contents } = await openSqliteStorage(":memory:");
			return {
				contents,
				storage: {
					close: () => storage.close(),
					commit(commit) {
						sizes.push(commit.writes.length);
						return pass(() => storage.commit(commit));
					},
					probe(roomBytes) {
						rooms.push(roomBytes);
						return pass(() => storage.probe(roomBytes));
					},
				},
			};
		},
	};
}
