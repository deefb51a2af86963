import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";

/** A pair of files as the server reads them. */
export interface CertificateFiles {
	readonly certFile: string;
	readonly keyFile: string;
	/** The certificate itself, to trust it. */
	readonly cert: string;
	/** Puts a new pair in their place; resolves to its certificate. */
	renew(): Promise<string>;
	/** Removes the files. */
	remove(): Promise<void>;
}

/** Writes a self-signed certificate for localhost to files of its own. */
export async function createCertificateFiles(): Promise<CertificateFiles> {
	const folder = await mkdtemp(join(tmpdir(), "wukong-tls-"));
	const certFile = join(folder, "cert.pem");
	const keyFile = join(folder, "key.pem");
	const write = async () => {
		const pair = await generate([{ name: "commonName", value: "localhost" }], {
			algorithm: "sha256",
			keyType: "ec",
			extensions: [
				{ name: "basicConstraints", cA: true },
				{
					name: "subjectAltName",
					altNames: [
						{ type: 2, value: "localhost" },
						{ type: 7, ip: "127.0.0.1" },
					],
				},
			],
		});
		await writeFile(certFile, pair.cert);
		await writeFile(keyFile, pair.private);
		return pair.cert;
	};
	return {
		certFile,
		keyFile,
		cert: await write(),
		renew: write,
		remove: () => rm(folder, { recursive: true }),
	};
}
