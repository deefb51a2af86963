import { isIPv4 } from "node:net";
import { parseHost } from "../http/authority.ts";
import type { Config } from "./config.ts";
import { optionsTable } from "./options-table.ts";

/** Options that the Kubernetes store has no use for. */
const embeddedOnly = [
	"data",
	"seed",
	"operatorPendingMs",
	"operatorCreatingMs",
	"operatorStoppingMs",
	"operatorDeletingMs",
] as const;

/** Faults between options that are each fine by themselves. */
export function relationFaults(config: Config): string[] {
	const faults: string[] = [];
	if ((config.tlsCert === "") !== (config.tlsKey === "")) {
		faults.push("--tls-cert and --tls-key must be given together");
	}
	if (!config.insecureNoAuth && !isLoopback(config.host)) {
		faults.push(
			`--host ${config.host} is not a loopback address: whoever reaches it may do everything, so it needs --insecure-no-auth`,
		);
	}
	for (const name of ["kubeconfig", "context", "namespace"] as const) {
		if (config[name] !== "" && config.store !== "kubernetes") {
			faults.push(`--${name} needs --store kubernetes`);
		}
	}
	if (config.store === "kubernetes") {
		for (const key of embeddedOnly) {
			const { flag, defaultValue } = optionsTable[key];
			if (config[key] !== defaultValue) faults.push(`--${flag} needs --store embedded`);
		}
	}
	return faults;
}

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3, RFC 6761 section 6.3. */
function isLoopback(text: string): boolean {
	const host = parseHost(text) ?? text;
	return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
