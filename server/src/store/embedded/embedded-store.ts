import { randomUUID } from "node:crypto";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { storeClosed, storeNotLoaded } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { placesIn } from "../../resource/version.ts";
import {
	requestIdReused,
	wukongAlreadyExists,
	wukongNotFound,
	wukongNotRunning,
} from "../../resource/wukong/failures.ts";
import { toPublicView } from "../../resource/wukong/public-view.ts";
import type { HistoryLimits } from "../change-feed.ts";
import { act } from "../simulator/actions.ts";
import { withGracePeriod } from "../simulator/grace-period.ts";
import type { OperatorOptions } from "../simulator/operator-options.ts";
import type { Store, WriteOptions } from "../store.ts";
import { createOperator, type Operator } from "./embedded-operator.ts";
import { createdRecord, deletingRecord, type Entry, editedRecord, type Origin } from "./record.ts";
import { type Recovery, recover } from "./recovery.ts";
import { contentsAfter, seedCommit } from "./seed.ts";
import { openSqliteStorage } from "./sqlite-storage.ts";
import type { OpenedStorage, Storage } from "./storage.ts";
import { CommitError, StoreOpenError } from "./storage-error.ts";
import type { StoreObserver } from "./writability.ts";
import { createWriteQueue, type WriteQueue } from "./write-queue.ts";

/** Options of the embedded store. */
export interface EmbeddedOptions {
	/** A file, created where it is missing, or `:memory:`. */
	readonly dataPath: string;
	/** Number of Wukongs to fill a store with that has never held anything. */
	readonly seedCount: number;
	readonly history: HistoryLimits;
	/** Timings of the operator. */
	readonly operator: OperatorOptions;
	readonly clock: Clock;
	/** Called once with a fault after which nothing is written any more; end the process then. */
	readonly onFault: (fault: unknown) => void;
	/** Default: nobody. */
	readonly observer?: StoreObserver;
}

/** Opens where the records are kept. @throws StoreOpenError */
export type OpenStorage = (dataPath: string) => Promise<OpenedStorage>;

interface Running {
	readonly storage: Storage;
	readonly writeQueue: WriteQueue;
	readonly operator: Operator;
}

/**
 * Creates the store that lives in this process, with the simulated operator beside it. What it
 * acknowledges is on disk. `start` throws StoreOpenError.
 * @param openStorage by default SQLite: in a worker thread, or here for `:memory:`.
 */
export function createEmbeddedStore(
	options: EmbeddedOptions,
	openStorage: OpenStorage = openSqliteStorage,
): Store {
	const { clock, observer = silent } = options;
	const life: OperatorOptions = { ...options.operator, playsKubeVirt: true };
	let running: Running | undefined;
	let isClosed = false;
	let head = 0n;

	const write = async (
		ref: ObjectRef,
		{ signal }: WriteOptions,
		decision: (entry: Entry | undefined) => Decision,
	): Promise<Wukong> => {
		if (running === undefined) throw isClosed ? storeClosed() : storeNotLoaded();
		signal.throwIfAborted();
		return transact(running.writeQueue, ref, decision);
	};

	return {
		exactVersions: true,
		freshness: () => ({
			lagMs: 0,
			staleSinceMs: undefined,
			unwritable: running?.writeQueue.trouble,
		}),
		newestVersion: async () => head,
		async start(sink) {
			const { storage, recovery } = await open(
				{ ...options, operator: { ...life, profile: "ideal" } },
				openStorage,
			);
			const writeQueue = createWriteQueue({
				...recovery,
				storage,
				clock,
				onFault: options.onFault,
				observer,
				onCommitted(changes) {
					head = changes.at(-1)?.version ?? head;
					sink.append(changes);
					for (const { object } of changes) operator.look(object);
				},
			});
			const operator = createOperator(writeQueue, life, clock);
			running = { storage, writeQueue, operator };
			head = recovery.state.head;
			sink.load(recovery.state);
			for (const { record } of recovery.entries) operator.look(record);
		},
		create(wukong, createOptions) {
			const { requestId, fingerprint, validateOnly } = createOptions;
			return write(wukong, createOptions, (entry) => {
				if (entry !== undefined) {
					const known = requestId !== "" && entry.origin.requestId === requestId;
					if (validateOnly || !known) throw wukongAlreadyExists(wukong);
					if (entry.origin.fingerprint !== fingerprint) throw requestIdReused(wukong);
					return { answer: entry.published };
				}
				const record = createdRecord(wukong, randomUUID(), clock.nowMs());
				if (validateOnly) return { answer: toPublicView(record) };
				return { record, origin: { requestId, fingerprint } };
			});
		},
		edit: (ref, edit, writeOptions) =>
			write(ref, writeOptions, (entry) => {
				if (entry === undefined) throw wukongNotFound(ref);
				const wanted = edit(entry.published);
				if (wanted === undefined) return { answer: entry.published };
				const edited = editedRecord(entry.record, wanted) ?? entry.record;
				const record = withGracePeriod(edited, wanted.gracePeriodMs);
				if (record === entry.record) return { answer: entry.published };
				if (writeOptions.validateOnly) return { answer: toPublicView(record) };
				return { record, origin: entry.origin };
			}),
		async remove(ref, check, writeOptions) {
			const wukong = await write(ref, writeOptions, (entry) => {
				if (entry === undefined) throw wukongNotFound(ref);
				check(entry.published);
				if (entry.record.deleteTime !== undefined) return { answer: entry.published };
				const record = deletingRecord(entry.record, clock.nowMs());
				if (writeOptions.validateOnly) return { answer: toPublicView(record) };
				return { record, origin: entry.origin };
			});
			return { wukong, version: BigInt(placesIn(wukong.resourceVersion)) };
		},
		async act(ref, action, actionOptions) {
			let changed = false;
			const wukong = await write(ref, actionOptions, (entry) => {
				if (entry === undefined) throw wukongNotFound(ref);
				actionOptions.check(entry.published);
				const acted = act(entry.record, action, { nowMs: clock.nowMs(), options: life });
				if (acted === undefined) throw wukongNotRunning(ref);
				changed = acted.changed;
				if (acted.status === undefined || acted.status === entry.record.status) {
					return { answer: entry.published };
				}
				const record = { ...entry.record, status: acted.status };
				if (actionOptions.validateOnly) return { answer: toPublicView(record) };
				return { record, origin: entry.origin };
			});
			return { wukong, changed };
		},
		async close() {
			isClosed = true;
			if (running === undefined) return;
			const { storage, writeQueue, operator } = running;
			running = undefined;
			operator.close();
			await writeQueue.close();
			await storage.close();
		},
	};
}

const silent: StoreObserver = { commitFailed() {}, unwritable() {}, writable() {} };

/** The outcome of a request: an answer without a write, or a new record to write. */
type Decision = { readonly answer: Wukong } | { readonly record: Wukong; readonly origin: Origin };

/**
 * Runs one request as a transaction: decides on the present state, writes included that are not
 * committed yet, and carries the decision out. Neither an answer nor a refusal leaves before the
 * state that it was decided on is committed.
 * @param decision called once, at once; may throw.
 * @returns the published Wukong.
 */
async function transact(
	writeQueue: WriteQueue,
	ref: ObjectRef,
	decision: (entry: Entry | undefined) => Decision,
): Promise<Wukong> {
	const { entry, settled } = writeQueue.see(ref);
	let decided: Decision;
	try {
		decided = decision(entry);
	} catch (refusal) {
		await settled;
		throw refusal;
	}
	if ("answer" in decided) {
		await settled;
		return decided.answer;
	}
	return (await writeQueue.write(ref, decided.record, decided.origin)).published;
}

async function open(
	options: EmbeddedOptions,
	openStorage: OpenStorage,
): Promise<{ storage: Storage; recovery: Recovery }> {
	const { dataPath, seedCount, history, operator, clock } = options;
	const { storage, contents } = await openStorage(dataPath);
	try {
		if (contents.head !== 0n || seedCount === 0) {
			return { storage, recovery: recover(contents, history, clock) };
		}
		const seeds = seedCommit(seedCount, operator, clock);
		await storage.commit(seeds);
		return { storage, recovery: recover(contentsAfter(seeds), history, clock) };
	} catch (error) {
		await storage.close();
		const code = error instanceof CommitError ? "UNREACHABLE" : "FOREIGN";
		throw new StoreOpenError(code, dataPath, String(error), error);
	}
}
