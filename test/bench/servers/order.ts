/**
 * What the benchmark tells a server, as one line of JSON on descriptor 3. All but "play" are
 * questions; each is answered by one line, in order.
 */
export type Order = { readonly kind: "cpu" | "memory" | "turn" } | Play;

/** Makes the server's VMs change, from a timer of its own. */
export interface Play {
	readonly kind: "play";
	/** Number of the first change, from 0; change n is of the VM at place n modulo all. */
	readonly first: number;
	/** Changes in a burst; they become known at one moment. */
	readonly count: number;
	readonly bursts: number;
	/** From burst to burst. */
	readonly intervalMs: number;
}

/** CPU time since the start, all threads. */
export interface CpuAnswer {
	readonly cpuMs: number;
}

/** Memory after a garbage collection. */
export interface MemoryAnswer {
	readonly rssBytes: number;
	/** Heap in use, with buffers outside of it. */
	readonly heapBytes: number;
}

/** The longest turn of the event loop since this was last asked; 0 the first time. */
export interface TurnAnswer {
	/** CPU time of the loop's own thread: what else the machine does counts for nothing. */
	readonly longestTurnMs: number;
}

/** Descriptor of the pipe, in the server. */
export const controlDescriptor = 3;
