import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../server/src/clock.ts";
import {
	createApiClient,
	defaultApiTimings,
} from "../../../../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import { openKubeconfig } from "../../../../server/src/store/kubernetes/kubeconfig-access.ts";
import { type CertificateFiles, createCertificateFiles } from "../../../support/certificate.ts";

let certificate: CertificateFiles;
let server: Server;
let folder: string;
/** The token that the server accepts. */
let accepted: string;

beforeAll(async () => {
	certificate = await createCertificateFiles();
	const key = await readFile(certificate.keyFile);
	server = createServer({ key, cert: certificate.cert }, (request, response) => {
		const known = request.headers.authorization === `Bearer ${accepted}`;
		response.writeHead(known ? 200 : 401);
		response.end(JSON.stringify({ metadata: { resourceVersion: "7" }, items: [] }));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
	await certificate.remove();
});
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-kubeconfig-"));
	accepted = "first";
	await writeFile(join(folder, "token"), "first");
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a kubeconfig; JSON is YAML, too. */
async function kubeconfig(cluster: object = {}): Promise<string> {
	const file = join(folder, "config");
	const { port } = server.address() as AddressInfo;
	const trusted = { "certificate-authority": certificate.certFile };
	await writeFile(
		file,
		JSON.stringify({
			clusters: [
				{ name: "c", cluster: { server: `https://127.0.0.1:${port}`, ...trusted, ...cluster } },
			],
			users: [{ name: "u", user: { "auth-provider": tokenFrom(join(folder, "token")) } }],
			contexts: [
				{ name: "main", context: { cluster: "c", user: "u" } },
				{ name: "lost", context: { cluster: "gone", user: "u" } },
			],
			"current-context": "main",
		}),
	);
	return file;
}

/** As a pod's service account is read. */
const tokenFrom = (tokenFile: string) => ({ name: "tokenFile", config: { tokenFile } });

async function open(file: string, context = "", searchPath?: string) {
	const access = await openKubeconfig({
		kubeconfig: file,
		searchPath,
		context,
		maxConnections: 4,
	});
	const api = createApiClient({
		resource: wukongKind,
		access,
		namespace: "",
		// A handshake takes long on a busy machine.
		timings: { ...defaultApiTimings, connectTimeoutMs: 20_000 },
		clock: systemClock,
	});
	const { signal } = new AbortController();
	return {
		version: async () =>
			(await api.list({ limit: 1, continueToken: "", exactVersion: undefined, signal })).version,
		close: api.close,
	};
}

describe("openKubeconfig", () => {
	test("trusts the cluster's authority and sends the user's token", async () => {
		const { version, close } = await open(await kubeconfig());
		expect(await version()).toBe(7n);
		close();
	});

	test("reads a token file anew when the token is not accepted any more", async () => {
		const { version, close } = await open(await kubeconfig());
		await version();
		accepted = "second";
		await writeFile(join(folder, "token"), "second");
		expect(await version()).toBe(7n);
		close();
	});

	test("does not talk to a server that it cannot trust: surely nothing was sent", async () => {
		const { version, close } = await open(await kubeconfig({ "certificate-authority": undefined }));
		await expect(version()).rejects.toMatchObject({ problem: { kind: "unreachable" } });
		close();
	});

	test("credentials that cannot be read are looked for again at each call", async () => {
		const { version, close } = await open(await kubeconfig());
		await rm(join(folder, "token"));
		await expect(version()).rejects.toMatchObject({ problem: { kind: "unreachable" } });
		await writeFile(join(folder, "token"), "first");
		expect(await version()).toBe(7n);
		close();
	});

	test.each([
		["a file that is not there", async () => "/nowhere/config", ""],
		["a context that is not there", () => kubeconfig(), "other"],
		["a context without its cluster", () => kubeconfig(), "lost"],
		["a server without TLS", () => kubeconfig({ server: "http://127.0.0.1:1" }), ""],
	])("refuses %s at once", async (_, file, context) => {
		await expect(open(await file(), context)).rejects.toMatchObject({ name: "KubeconfigError" });
	});

	test.each([
		["/nowhere/config", /^the kubeconfig cannot be read: \/nowhere\/config: ENOENT$/],
		["/", /^the kubeconfig cannot be read: \/: EISDIR$/],
	])("names the file %s that cannot be read", async (file, message) => {
		await expect(open(file)).rejects.toThrow(message);
	});

	/** A pipe that nobody writes to: opening it for reading never ends. */
	const pipe = () => {
		const path = join(folder, "pipe");
		execFileSync("mkfifo", [path]);
		return path;
	};

	test("a pipe or a device is refused before it is read, which might never end", async () => {
		const refusal = (file: string) => ({
			name: "KubeconfigError",
			message: `the kubeconfig cannot be read: ${file}: it is no regular file`,
		});
		const path = pipe();
		const file = await kubeconfig();
		await expect(open(path)).rejects.toMatchObject(refusal(path));
		await expect(open("/dev/null")).rejects.toMatchObject(refusal("/dev/null"));
		await expect(open("", "", path)).rejects.toMatchObject(refusal(path));
		await expect(open("", "", `${file}:${path}`)).rejects.toMatchObject(refusal(path));
		await expect(open("", "", "/dev/null")).rejects.toMatchObject(refusal("/dev/null"));
	});

	test("so is one that the kubeconfig names for its authority", async () => {
		const path = pipe();
		const file = await kubeconfig({ "certificate-authority": path });
		await expect(open(file)).rejects.toThrow(`${path}: it is no regular file`);
	});

	test.each([":", "::"])("KUBECONFIG=%s is told to name no file", async (searchPath) => {
		await expect(open("", "", searchPath)).rejects.toMatchObject({
			name: "KubeconfigError",
			message: `KUBECONFIG names no file: it is "${searchPath}"`,
		});
	});

	test("the files of KUBECONFIG are merged, empty entries passed over", async () => {
		const { version, close } = await open("", "", `:${await kubeconfig()}:`);
		expect(await version()).toBe(7n);
		close();
	});

	test("of a file that is no kubeconfig says so, without a word of what is in it", async () => {
		const file = join(folder, "config");
		await writeFile(file, "users: [{token: s3cret}\n  : }");
		const error = await open(file).catch((error: unknown) => error);
		expect(error).toMatchObject({
			message: `the kubeconfig cannot be read: ${file}: it is no kubeconfig`,
		});
	});
});
