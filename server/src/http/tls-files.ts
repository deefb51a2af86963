import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Server } from "node:https";
import type { Clock, Timer } from "../clock.ts";
import type { TransportLimits } from "./limits.ts";
import type { HttpObserver } from "./observer.ts";

/** Files of a certificate chain and its private key, both in PEM. */
export interface TlsFileNames {
	readonly certFile: string;
	readonly keyFile: string;
	/** Certificates of those who issue client certificates; undefined: no client is asked for one. */
	readonly clientCaFile?: string | undefined;
}

/** Keeps the certificate and key of a server as its files have them. */
export interface TlsFiles {
	/** Reads the files and starts to poll them. @throws TlsFileError */
	start(server: Server): Promise<void>;
	stop(): void;
}

interface Pair {
	readonly cert: string;
	readonly key: string;
	readonly ca: string | undefined;
}

/**
 * Creates the polling of two files. File watchers miss the ways in which renewals replace files and
 * links. Open connections keep their certificate. A pair that cannot be used changes nothing and is
 * reported once, because a renewal may be half written.
 */
export function createTlsFiles(
	names: TlsFileNames,
	options: {
		readonly clock: Clock;
		readonly limits: TransportLimits;
		readonly observer: HttpObserver;
	},
): TlsFiles {
	const { clock, limits, observer } = options;
	let timer: Timer | undefined;
	let stopped = false;
	let last: Pair | undefined;
	let lastFault = "";

	async function look(server: Server): Promise<void> {
		try {
			const pair = await readPair(names);
			const isSame = pair.cert === last?.cert && pair.key === last.key && pair.ca === last.ca;
			if (!isSame) {
				use(server, pair, names);
				last = pair;
				observer.tlsReloaded();
			}
			lastFault = "";
		} catch (error) {
			const fault = String(error);
			if (fault !== lastFault) observer.tlsReloadFailed(error);
			lastFault = fault;
		}
		again(server);
	}

	function again(server: Server): void {
		if (!stopped) timer = clock.setTimer(limits.tlsPollIntervalMs, () => void look(server));
	}

	return {
		async start(server) {
			last = await readPair(names);
			use(server, last, names);
			again(server);
		},
		stop() {
			stopped = true;
			timer?.cancel();
		},
	};
}

/** The part of a certificate and its key that cannot be used. */
export type TlsFilePart = "certificate" | "key" | "pair" | "client CA";

/** Thrown when certificate or key cannot be used; the message is one line and names the files. */
export class TlsFileError extends Error {
	override readonly name = "TlsFileError";
	readonly part: TlsFilePart;

	constructor(part: TlsFilePart, problem: string, cause?: unknown) {
		super(problem, { cause });
		this.part = part;
	}
}

async function readPair(names: TlsFileNames): Promise<Pair> {
	const { certFile, keyFile, clientCaFile } = names;
	const [cert, key, ca] = await Promise.all([
		readPart("certificate", certFile),
		readPart("key", keyFile),
		clientCaFile === undefined ? undefined : readPart("client CA", clientCaFile),
	]);
	return { cert, key, ca };
}

async function readPart(part: Exclude<TlsFilePart, "pair">, file: string): Promise<string> {
	try {
		// Reading a pipe may never end, and nothing could end the process then.
		if ((await stat(file)).isFIFO()) throw Object.assign(new Error(), { code: "it is a pipe" });
		return await readFile(file, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new TlsFileError(part, `the ${part} ${file} cannot be read: ${code}`, error);
	}
}

/** Applies a pair. OpenSSL's errors name neither the file nor what is wrong with it. */
function use(server: Server, { cert, key, ca }: Pair, names: TlsFileNames): void {
	const { certFile, keyFile, clientCaFile } = names;
	const parsed = parsePart("certificate", certFile, () => new X509Certificate(cert));
	const privateKey = parsePart("key", keyFile, () => createPrivateKey(key));
	if (!parsed.checkPrivateKey(privateKey)) {
		const problem = `the key ${keyFile} does not belong to the certificate ${certFile}`;
		throw new TlsFileError("pair", problem);
	}
	if (ca !== undefined && clientCaFile !== undefined) {
		parsePart("client CA", clientCaFile, () => new X509Certificate(ca));
	}
	try {
		server.setSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) });
	} catch (error) {
		const problem = `the certificate ${certFile} and the key ${keyFile} cannot be used`;
		throw new TlsFileError("pair", problem, error);
	}
}

function parsePart<T>(part: Exclude<TlsFilePart, "pair">, file: string, parse: () => T): T {
	try {
		return parse();
	} catch (error) {
		const expected =
			part === "key" ? "private key in PEM without a passphrase" : "certificate in PEM";
		throw new TlsFileError(part, `${file} holds no ${expected}`, error);
	}
}
