import type { Agent } from "node:http";

/** What one request to the API server needs. */
export interface Credentials {
	/** Holds the connections, with the cluster's authority and our certificate. */
	readonly agent: Agent;
	/** `Authorization` and the like. */
	readonly headers: Readonly<Record<string, string>>;
}

/** The way into one cluster. */
export interface ClusterAccess {
	/** URL of the API server. */
	readonly server: URL;
	/** @throws UpstreamError "unreachable" where they cannot be read */
	credentials(): Promise<Credentials>;
	/** Reads the credentials anew, because the API server did not accept them. */
	renew(): Promise<void>;
	/** Ends all connections. */
	close(): void;
}
