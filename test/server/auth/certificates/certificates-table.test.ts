import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

const bearer = { authorization: "Bearer wk_x" };

/** What is shown, and what comes of it. */
type Row = [what: string, show: () => Promise<Partial<Pair>>, outcome: string, fields?: Fields];

const rows: readonly Row[] = [
	["no certificate", async () => ({}), "UNAUTHENTICATED"],
	["a good one", () => issue(authority), "ok"],
	["one of another CA", async () => issue(await createAuthority("others")), "UNAUTHENTICATED"],
	["one that has issued itself", () => issue(undefined), "UNAUTHENTICATED"],
	["one that has expired", () => issue(authority, "ops", [-10, -1]), "UNAUTHENTICATED"],
	["one that is not valid yet", () => issue(authority, "ops", [1, 10]), "UNAUTHENTICATED"],
	["one of system:masters", () => issue(authority, "system:masters"), "UNAUTHENTICATED"],
	["a good one beside a token", () => issue(authority), "UNAUTHENTICATED", bearer],
	[
		"a good one beside a token in X-API-Key",
		() => issue(authority),
		"UNAUTHENTICATED",
		{ "x-api-key": "wk_x" },
	],
	["no certificate and a token that is nobody's", async () => ({}), "UNAUTHENTICATED", bearer],
];

describe.each(Object.entries(tlsForms))("by %s", (_form, call) => {
	test.each(rows)("%s", async (_what, show, outcome, fields = {}) => {
		const [told, status] = await call(server, await show(), fields);
		expect(told).toBe(outcome);
		if (status !== undefined) expect(status).toBe(outcome === "ok" ? 200 : 401);
	});
});
