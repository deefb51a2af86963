/** One stored Wukong. */
export interface RecordRow {
	readonly namespace: string;
	readonly name: string;
	/** The whole message with credentials and hidden annotations, in binary form. */
	readonly object: Uint8Array;
	/** The request id it was created with; empty: none. */
	readonly requestId: string;
	/** Digest of the creating request's content, without credentials. */
	readonly fingerprint: string;
}

/** One change in the undo log. The state after it follows from later rows and the records. */
export interface HistoryRow {
	readonly version: bigint;
	/** Milliseconds since 1970. */
	readonly timeMs: number;
	readonly namespace: string;
	readonly name: string;
	/** The published state before, without credentials; undefined where there was none. */
	readonly previous: Uint8Array | undefined;
	readonly deleted: boolean;
}

/** Contents of a storage, all of them. */
export interface Contents {
	readonly records: readonly RecordRow[];
	/** Oldest first. */
	readonly history: readonly HistoryRow[];
	/** The newest version; 0 where nothing was ever stored. */
	readonly head: bigint;
	/** Changes up to this version are no longer in the history. */
	readonly base: bigint;
}

/** One transaction. */
export interface Commit {
	/** Oldest first; `record` is the new state, undefined where the Wukong is gone. */
	readonly writes: readonly {
		readonly change: HistoryRow;
		readonly record: RecordRow | undefined;
	}[];
	readonly head: bigint;
	readonly base: bigint;
}

/** Keeps the records of the embedded store; open until it is closed. One call at a time. */
export interface Storage {
	/**
	 * Resolves when the whole commit is durable. @throws CommitError: none of it is, or that is not
	 * known.
	 */
	commit(commit: Commit): Promise<void>;
	/**
	 * Resolves when a commit of so many bytes should succeed; what is stored stays as it is.
	 * @throws CommitError as `commit` does
	 */
	probe(roomBytes: number): Promise<void>;
	close(): Promise<void>;
}

/** A storage that was just opened, and all it held then. */
export interface OpenedStorage {
	readonly storage: Storage;
	readonly contents: Contents;
}
