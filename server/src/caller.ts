/** Identity of a caller, as an authenticator has found it. */
export interface Principal {
	/** Unique among all principals, as in `system:serviceaccount:web:deployer`. */
	readonly name: string;
	/** Groups that it belongs to; may be empty. */
	readonly groups: readonly string[];
	/** Method of proof, as in `oidc` or `certificate`; one of few, for logs and metrics. */
	readonly method: string;
	/** Time at which the proof expires, in milliseconds since 1970; undefined: never. */
	readonly expireTimeMs?: number | undefined;
	/**
	 * Names the credential: the same for each call that shows it. Opaque, and of no use to whoever
	 * reads it.
	 */
	readonly credentialId: string;
	/** Id that a cluster gives a user, for its own authorizers. Default: none. */
	readonly uid?: string | undefined;
	/** Further attributes of a user that a cluster knows, for its own authorizers. Default: none. */
	readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/**
 * Checks whether a name is one that Kubernetes gives itself, as in `system:masters`. Only the API
 * server says who bears one: by a TokenReview.
 */
export function isReserved(name: string): boolean {
	return /^system:/i.test(name);
}

/** Who the API server is told that writes: this service, or the caller. */
export type KubeWriter = "service" | "caller";

/** The other end of a connection, as the listener knows it: the client, or the proxy before it. */
export interface Peer {
	/** IP address, an IPv4 one that is mapped into IPv6 as IPv4; empty where there is none. */
	readonly address: string;
	/** TCP port; 0 where there is none. */
	readonly port: number;
	/** The peer speaks TLS. */
	readonly secure: boolean;
	/**
	 * Client certificate that TLS has verified; undefined where none was asked for or given. Read on
	 * first use, while the connection is open: most calls never need it.
	 */
	readonly certificate: PeerCertificate | undefined;
}

/** A verified client certificate. */
export interface PeerCertificate {
	/** Distinguished name, one attribute a line, as in `O=Example\nCN=web`. */
	readonly subject: string;
	/** Subject alternative names, as in `DNS:web.example.com`; undefined where there are none. */
	readonly subjectAltName: string | undefined;
	/** SHA-256 of the certificate, in hexadecimal with colons. */
	readonly fingerprint256: string;
	/** End of its validity, in milliseconds since 1970. */
	readonly expireTimeMs: number;
}

/** A stream ticket that a request shows in its URL. One for each request: it is redeemed once. */
export interface TicketCarrier {
	readonly text: string;
	/** Whose it is; undefined until it is redeemed. */
	principal: Principal | undefined;
}

/** Reader of a list or a stream. */
export interface Caller {
	/**
	 * Aborts when the caller leaves. Read it only where it is needed: a signal is made when asked
	 * for.
	 */
	readonly signal: AbortSignal;
	/** undefined: nobody has asked who it is. */
	readonly principal?: Principal | undefined;
}
