import { setImmediate } from "node:timers/promises";
import type { CertificateFiles } from "../support/certificate.ts";
import type { RunningApp } from "../support/running-app.ts";
import type { WireClient } from "./wire-client.ts";
import type { Wire } from "./wires.ts";

/** A service with a store of its own, so that equal calls must have equal answers. */
export interface WireService {
	readonly app: RunningApp;
	/** The namespace that is meant where a call names none. */
	readonly namespace: string;
}

/** What the wires lead to. */
export interface WireStage {
	/** Starts a service. @param flags of its command line, on top of the stage's own */
	start(flags: readonly string[]): Promise<WireService>;
	/** True where an operator has a first look at each new VM; it does nothing after that. */
	readonly operated: boolean;
}

/** A client on one wire, and the service at its other end. */
export interface WireSession {
	readonly client: WireClient;
	readonly app: RunningApp;
	/** What was recorded, with the namespace `default` for the service's own. */
	neutral(record: unknown): unknown;
}

/** Calls back with a session on a fresh service, which is gone afterwards. */
export async function withWire(
	{ stage, certificate }: { readonly stage: WireStage; readonly certificate: CertificateFiles },
	wire: Wire,
	use: (session: WireSession) => Promise<void>,
): Promise<void> {
	const tls = ["--tls-cert", certificate.certFile, "--tls-key", certificate.keyFile];
	const { app, namespace } = await stage.start(wire.tls ? tls : []);
	const client = wire.connect({
		url: app.url,
		certificate: wire.tls ? certificate.cert : undefined,
	});
	const neutral = (record: unknown) =>
		JSON.parse(JSON.stringify(record).replaceAll(namespace, "default"));
	try {
		await use({ client, app, neutral });
	} finally {
		client.close();
		// Client and service share this process: sockets of HTTP/2 over TLS that the client has just given up end
		// in the next turn, and not before the grace time where the service closes within this one.
		await setImmediate();
		await app.close();
	}
}
