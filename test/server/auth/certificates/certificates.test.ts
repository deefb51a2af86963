import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createCertificates } from "../../../../server/src/auth/certificates/certificates.ts";
import type { PeerCertificate } from "../../../../server/src/caller.ts";
import { Failure, reasonName } from "../../../../server/src/failure.ts";
import { reasonIn } from "../../../../server/src/service/errors/connect-error.ts";
import { carriersOf, plainPeer } from "../../../support/carriers.ts";
import { type CertificateFiles, createCertificateFiles } from "../../../support/certificate.ts";
import { createAuthority, issue, type Pair } from "../../../support/client-certificates.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { type RunningApp, startApp } from "../../../support/running-app.ts";

let clock: FakeClock;
beforeEach(() => {
	clock = createFakeClock();
});

const dayMs = 24 * 60 * 60 * 1_000;

/** The principal of a certificate, or the reason why there is none. */
function ask(subject: string, shown: object = {}, prefix = "cert:"): unknown {
	const certificate: PeerCertificate = {
		...{ subject, subjectAltName: undefined, fingerprint256: "AB:CD:".repeat(16) },
		expireTimeMs: clock.nowMs() + dayMs,
	};
	const source = createCertificates({ prefix, clock });
	try {
		return source.authenticate(carriersOf(shown), { ...plainPeer, certificate });
	} catch (error) {
		if (error instanceof Failure) return reasonName(error.reason);
		throw error;
	}
}

test("a certificate is its common name with its organizations as groups, under the prefix, until its end", () => {
	expect(ask("O=ops\nO=Example\\, Inc.\nCN=ci")).toEqual({
		...{ name: "cert:ci", groups: ["cert:ops", "cert:Example, Inc."], method: "certificate" },
		...{ expireTimeMs: clock.nowMs() + dayMs, credentialId: "certificate:abcdabcdabcdabcd" },
	});
	expect(ask("CN=ci", {}, "")).toMatchObject({ name: "ci", groups: [] });
});

test.each([
	"O=system:masters\nCN=ci",
	"CN=system:admin",
	"CN=System:admin",
	"O=ops",
	"CN=a\nCN=b",
	"CN=",
	"CN=a\nO=",
	"CN=a\\0AO=ops",
	`CN=${"x".repeat(254)}`,
	"CN=a + O=ops",
])("a certificate that names nobody, or Kubernetes' own, is refused: %j", (subject) => {
	expect(ask(subject)).toBe("UNAUTHENTICATED");
});

test("a certificate beside a token or a ticket is two credentials", () => {
	expect(ask("CN=ci", { token: "x" })).toBe("UNAUTHENTICATED");
	expect(ask("CN=ci", { ticket: { text: "wt_x", principal: undefined } })).toBe("UNAUTHENTICATED");
});

test("a connection has one principal for all its calls, and none after the certificate's end", () => {
	const source = createCertificates({ prefix: "cert:", clock });
	const expireTimeMs = clock.nowMs() + dayMs;
	const certificate = {
		subject: "CN=ci",
		subjectAltName: undefined,
		fingerprint256: "AB",
		expireTimeMs,
	};
	const peer = { ...plainPeer, certificate };
	const first = source.authenticate(carriersOf({}), peer);
	expect(source.authenticate(carriersOf({}), peer)).toBe(first);
	clock.stepWallClock(dayMs);
	expect(() => source.authenticate(carriersOf({}), peer)).toThrow("expired");
	expect(source.authenticate(carriersOf({}), plainPeer)).toBeUndefined();
});

let folder = "";
let server: CertificateFiles;
let app: RunningApp;
let authority: Pair;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-certificates-"));
	server = await createCertificateFiles();
	authority = await createAuthority();
	await writeFile(join(folder, "ca"), authority.cert);
	app = await startApp(
		...["--tls-cert", server.certFile, "--tls-key", server.keyFile],
		...["--tls-client-ca", join(folder, "ca"), "--seed", "1"],
	);
});
afterAll(async () => {
	await app.close();
	await server.remove();
	await rm(folder, { recursive: true });
});

/** A List by REST over HTTP/1.1, and by gRPC over HTTP/2: what comes of each. */
async function call(client: Partial<Pair>, headers: Record<string, string> = {}) {
	const tls = { ca: server.cert, ...client };
	const rest = new Promise<string>((resolve, reject) => {
		const options = { ...tls, headers, agent: false, servername: "localhost" };
		request(`${app.url}/api/v1/wukongs`, options, (response) => {
			text(response).then(
				(body) => resolve(/"reason":"([A-Z_]+)"/.exec(body)?.[1] ?? "ok"),
				reject,
			);
		})
			.on("error", reject)
			.end();
	});
	const transport = createGrpcTransport({ baseUrl: app.url, nodeOptions: tls });
	const grpc = createClient(WukongService, transport)
		.listWukongs({}, { headers })
		.then(
			() => "ok",
			(error: unknown) => reasonIn(ConnectError.from(error)) ?? String(error),
		);
	return Promise.all([rest, grpc]);
}

test("a connection whose certificate the client CA has issued is a caller, over HTTP/1.1 and HTTP/2", async () => {
	expect(await call(await issue(authority))).toEqual(["ok", "ok"]);
});

test.each<[string, () => Promise<Partial<Pair>>, Record<string, string>?]>([
	["no certificate", async () => ({})],
	["one of another CA", async () => issue(await createAuthority("others"))],
	["one that has issued itself", () => issue(undefined)],
	["one that has expired", () => issue(authority, "ops", [-10, -1])],
	["one of a group of Kubernetes' own", () => issue(authority, "system:masters")],
	["a good one beside a token", () => issue(authority), { authorization: "Bearer x" }],
])("with %s a call is UNAUTHENTICATED", async (_, make, headers) => {
	expect(await call(await make(), headers)).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
});

test("a certificate of another CA with the same name is nobody's: an answer, or a broken connection (OpenSSL's error stays in Node's HTTP/2)", async () => {
	const [rest, grpc] = await call(await issue(await createAuthority()));
	expect(rest).toBe("UNAUTHENTICATED");
	expect(grpc).not.toBe("ok");
});
