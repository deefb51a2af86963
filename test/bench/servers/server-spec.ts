/** Where a server listens. Both may be the same. */
export interface Addresses {
	readonly http1: URL;
	readonly http2: URL;
}

/** One side of the comparison. To add a peer, write its program and name it in `roster.ts`. */
export interface ServerSpec {
	/** Its name in the scoreboard. */
	readonly name: string;
	/** The program and its arguments. @param payloadFolder has what it is to answer with */
	command(payloadFolder: string): readonly string[];
	/** Added to the environment. */
	readonly environment?: Readonly<Record<string, string>>;
	/** It compiles nothing while it runs, so a short warm-up does. Default: false. */
	readonly warmsQuickly?: boolean;
	/** Finds the addresses in all that was printed so far; undefined: not there yet. */
	readAddresses(printed: string): Addresses | undefined;
}
