/** One answer, as it came. */
export interface Answer {
	/** The protocol's own word for success: HTTP 200, and for gRPC also grpc-status 0. */
	readonly ok: boolean;
	/** What the protocol said, for the report of a failure. */
	readonly status: string;
	/** The message's bytes; for gRPC without their envelope. */
	readonly body: readonly Buffer[];
}

/** Sends the same requests again and again, one at a time. */
export interface Caller {
	/**
	 * @param place of the request; default: 0
	 * @throws Error where the connection breaks; the next call opens another
	 */
	call(place?: number): Promise<Answer>;
	close(): void;
}
