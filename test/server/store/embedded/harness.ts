import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	createEmbeddedStore,
	type EmbeddedOptions,
	type OpenStorage,
} from "../../../../server/src/store/embedded/embedded-store.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { untilMoving } from "../../../support/until.ts";
import { createRecordingSink } from "../recording-sink.ts";
import type { StoreHarness } from "../store-contract.ts";

/** A started embedded store under a clock that the test moves. */
export interface EmbeddedHarness extends StoreHarness {
	readonly clock: FakeClock;
	/** What was told to `onFault`. */
	readonly faults: unknown[];
	/** What was told to `observer`: a word, and the code of the error. */
	readonly observed: string[];
}

/** The history's limits where a test does not say. */
export const harnessHistory = {
	maxChanges: 10_000,
	maxAgeMs: 86_400_000,
	maxBytes: 64 * 1024 * 1024,
};

export async function startEmbedded(
	options: Partial<EmbeddedOptions> & { readonly clock?: FakeClock } = {},
	openStorage?: OpenStorage,
): Promise<EmbeddedHarness> {
	const { clock = createFakeClock() } = options;
	const faults: unknown[] = [];
	const observed: string[] = [];
	const store = createEmbeddedStore(
		{
			dataPath: ":memory:",
			seedCount: 0,
			history: harnessHistory,
			operator: { pendingMs: 300, creatingMs: 1_000, stoppingMs: 500, deletingMs: 300 },
			onFault: (fault) => faults.push(fault),
			observer: {
				commitFailed: ({ code }) => observed.push(`failed: ${code}`),
				unwritable: ({ code }) => observed.push(`unwritable: ${code}`),
				writable: () => observed.push("writable"),
			},
			...options,
			clock,
		},
		openStorage,
	);
	const sink = createRecordingSink();
	await store.start(sink);
	return {
		store,
		sink,
		namespace: "default",
		clock,
		faults,
		observed,
		until: (what, condition) => untilMoving(clock, what, condition),
		close: () => store.close(),
	};
}

/** Calls back with the path of a data file in a folder of its own, and removes that afterwards. */
export async function withDataFile<T>(use: (dataPath: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), "wukong-store-"));
	try {
		return await use(join(folder, "data", "wukong.db"));
	} finally {
		await rm(folder, { recursive: true });
	}
}
