import type { ChangeSource } from "./change-source.ts";
import type { ServerProcess } from "./server-process.ts";

/** Where a server listens. Both may be the same. */
export interface Addresses {
	readonly http1: URL;
	readonly http2: URL;
}

/** One side of the comparison. To add a peer, write its process and name it in `servers.ts`. */
export interface ServerSpec {
	/** Column text of the scoreboard. */
	readonly name: string;
	/** Arguments of node; the first is the program. */
	readonly args: readonly string[];
	/** Finds the addresses in all that was printed so far; undefined: not there yet. */
	readAddresses(printed: string): Addresses | undefined;
	/** Makes the server's VMs change. */
	createChanges(server: ServerProcess): ChangeSource;
}
