import type { Config } from "../config/config.ts";
import { TlsFileError, type TlsFilePart } from "../http/tls-files.ts";

const tlsOptions: Readonly<Record<TlsFilePart, string>> = {
	certificate: "--tls-cert",
	key: "--tls-key",
	pair: "--tls-cert and --tls-key",
};

/** One line for whoever started the service: why it cannot, and what to change. */
export function startErrorLine(error: unknown, config: Config): string {
	if (error instanceof TlsFileError) return `${tlsOptions[error.part]}: ${error.message}`;
	if (!(error instanceof Error)) return String(error);
	return listenProblem(error, config) ?? error.message.replaceAll(/\s*\n\s*/g, " ");
}

/** What the system says of `--host` and `--port`. */
function listenProblem(error: NodeJS.ErrnoException, { host, port }: Config): string | undefined {
	const { code, syscall } = error;
	if (syscall !== "listen" && syscall !== "getaddrinfo") return undefined;
	switch (code) {
		case "EADDRINUSE":
			return `port ${port} of ${host} is taken: end what listens there, or choose another port with --port (0: any free one) (${code})`;
		case "EACCES":
			return `port ${port} of ${host} may not be used by this user: choose one from 1024 on with --port (${code})`;
		case "EADDRNOTAVAIL":
			return `--host ${host} is no address of this machine (${code})`;
		case "EAFNOSUPPORT":
			return `--host ${host} is of a kind that this machine does not speak (${code})`;
		default:
			return syscall === "getaddrinfo"
				? `--host ${host} is no name of an address (${code})`
				: undefined;
	}
}
