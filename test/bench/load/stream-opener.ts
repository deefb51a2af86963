/** Who reads one stream. */
export interface StreamHandler {
	/** Bytes of the stream's body, in any pieces. */
	bytes(chunk: Buffer): void;
	/** The stream is over; these never end by themselves, so something went wrong. */
	ended(why: string): void;
}

/** Opens streams of one and the same request. */
export interface StreamOpener {
	open(handler: StreamHandler): void;
	/** Closes all of them; their handlers are told nothing more. */
	close(): void;
}
