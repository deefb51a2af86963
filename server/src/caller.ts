/** Who makes a call, as an authenticator has found. */
export interface Principal {
	/** Unique among all principals, as in `system:serviceaccount:web:deployer`. */
	readonly name: string;
	/** Groups that it belongs to; may be empty. */
	readonly groups: readonly string[];
	/** How it has proved that, as in `oidc` or `certificate`; one of few, for logs and metrics. */
	readonly method: string;
	/** When the proof expires, in milliseconds since 1970; undefined: it does not. */
	readonly expiresAtMs?: number;
}

/** The other end of a connection, as the listener knows it; a proxy stands for its callers. */
export interface Peer {
	/** IP address, as in `203.0.113.7` or `::1`; empty where there is none. */
	readonly address: string;
	/** Port number; undefined where there is none. */
	readonly port?: number | undefined;
	/** Client certificate that the listener has verified, in DER; undefined: none. */
	readonly certificate?: Uint8Array | undefined;
}

/** Who asks for a list or a stream. */
export interface Caller {
	/** Aborts when the caller leaves. Read it only where it is needed: a signal is made when asked for. */
	readonly signal: AbortSignal;
	/** undefined: nobody has asked who it is. */
	readonly principal?: Principal | undefined;
}
