import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../../../support/certificate.ts";
import { createAuthority, issue, type Pair } from "../../../support/client-certificates.ts";
import { type RunningApp, startApp } from "../../../support/running-app.ts";
import { type Fields, type TlsServer, tlsForms } from "../../../support/tls-forms.ts";

let folder = "";
let files: CertificateFiles;
let app: RunningApp;
let server: TlsServer;
let authority: Pair;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-certificates-"));
	files = await createCertificateFiles();
	authority = await createAuthority();
	await writeFile(join(folder, "ca"), authority.cert);
	app = await startApp(
		...["--tls-cert", files.certFile, "--tls-key", files.keyFile],
		...["--tls-client-ca", join(folder, "ca"), "--seed", "1"],
	);
	server = { url: app.url, cert: files.cert };
});
afterAll(async () => {
	await app.close();
	await files.remove();
	await rm(folder, { recursive: true });
});

/** What a page of another site sends; a browser adds the certificate by itself. */
const foreign: Readonly<Record<string, Fields>> = {
	"with its Origin": { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
	"whose Origin is hidden": { origin: "null", "sec-fetch-site": "cross-site" },
	"without an Origin": { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
	"of a neighbouring host": { origin: "https://a.localhost", "sec-fetch-site": "same-site" },
};

test.each(Object.entries(foreign))(
	"a page of another site %s opens nothing by a client certificate: no stream, no WebSocket, no read",
	async (_, fields) => {
		const client = await issue(authority);
		for (const form of ["WebSocket", "SSE", "NDJSON", "REST", "Connect", "Connect GET"]) {
			expect([form, await tlsForms[form]?.(server, client, fields)]).toEqual([
				form,
				["PERMISSION_DENIED", 403],
			]);
		}
		expect(await app.metric("wukong_watch_streams")).toBe(0);
	},
);

test("a page of the service's own origin is a caller by its certificate", async () => {
	const client = await issue(authority);
	const fields = { origin: "https://localhost", "sec-fetch-site": "same-origin" };
	const [told] = (await tlsForms.SSE?.(server, client, { ...fields, host: "localhost" })) ?? [];
	expect(told).toBe("ok");
});
