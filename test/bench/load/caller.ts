/** One answer, as it came. */
export interface Answer {
	/** The protocol's own word for success: HTTP 200, and for gRPC also grpc-status 0. */
	readonly ok: boolean;
	/** What the protocol said, for the report of a failure. */
	readonly status: string;
	/** The message's bytes; for gRPC without their envelope. */
	readonly body: readonly Buffer[];
}

/** Sends one and the same request again and again, one at a time. */
export interface Caller {
	/** @throws Error where the connection breaks; the next call opens another */
	call(): Promise<Answer>;
	close(): void;
}
