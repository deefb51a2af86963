import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../../../server/src/app/app.ts";
import { startErrorLine } from "../../../server/src/app/console-messages.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";

let files: CertificateFiles;
beforeEach(async () => {
	files = await createCertificateFiles();
});
afterEach(() => files.remove());

/** What a start with these flags says. */
async function lineOf(...flags: string[]): Promise<string> {
	const parsed = parseConfig(["--port=0", "--data=:memory:", ...flags], {});
	if (parsed.kind !== "config") expect.fail(JSON.stringify(parsed));
	const app = createApp(parsed.config);
	const error: unknown = await app.listen().then(
		() => app.close(0),
		(error: unknown) => error,
	);
	return startErrorLine(error, parsed.config);
}

const tls = (cert: string, key: string) => [`--tls-cert=${cert}`, `--tls-key=${key}`];

test("a certificate that is not there is named with its option and path", async () => {
	expect(await lineOf(...tls("/nowhere/cert.pem", files.keyFile))).toBe(
		"--tls-cert: the certificate /nowhere/cert.pem cannot be read: ENOENT",
	);
	expect(await lineOf(...tls(files.certFile, "/nowhere/key.pem"))).toBe(
		"--tls-key: the key /nowhere/key.pem cannot be read: ENOENT",
	);
	expect(await lineOf(...tls("/", files.keyFile))).toBe(
		"--tls-cert: the certificate / cannot be read: EISDIR",
	);
	const pipe = `${files.keyFile}-pipe`;
	execFileSync("mkfifo", [pipe]);
	expect(await lineOf(...tls(files.certFile, pipe))).toBe(
		`--tls-key: the key ${pipe} cannot be read: it is a pipe`,
	);
});

test.each([[""], ["no PEM"], ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]])(
	"a file that holds %j is named with its option",
	async (content) => {
		const { certFile, keyFile } = files;
		await writeFile(certFile, content);
		expect(await lineOf(...tls(certFile, keyFile))).toBe(
			`--tls-cert: ${certFile} holds no certificate in PEM`,
		);
		await files.renew();
		await writeFile(keyFile, content);
		expect(await lineOf(...tls(certFile, keyFile))).toBe(
			`--tls-key: ${keyFile} holds no private key in PEM without a passphrase`,
		);
	},
);

test("certificate and key the wrong way round, and a key of another certificate, are told", async () => {
	const { certFile, keyFile } = files;
	expect(await lineOf(...tls(keyFile, certFile))).toBe(
		`--tls-cert: ${keyFile} holds no certificate in PEM`,
	);
	const other = await createCertificateFiles();
	try {
		expect(await lineOf(...tls(certFile, other.keyFile))).toBe(
			`--tls-cert and --tls-key: the key ${other.keyFile} does not belong to the certificate ${certFile}`,
		);
	} finally {
		await other.remove();
	}
});

test("a port that is taken is told with what to do", async () => {
	const server = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	const { port } = server.address() as { port: number };
	try {
		expect(await lineOf(`--port=${port}`)).toMatch(
			new RegExp(`^port ${port} of 127\\.0\\.0\\.1 is taken: .*--port \\(0: any free one\\)`),
		);
	} finally {
		server.close();
	}
});

test.each([
	["192.0.2.1", /^--host 192\.0\.2\.1 is no address of this machine/],
	// The system refuses a name with a hyphen first by itself; any other is a matter of the network.
	["-no-such-host", /^--host -no-such-host is no name of an address/],
])("a host that cannot be listened on (%s) is told as the option", async (host, line) => {
	expect(await lineOf("--insecure-no-auth", `--host=${host}`)).toMatch(line);
});

test("what comes in several lines is told in one", () => {
	const parsed = parseConfig([], {});
	if (parsed.kind !== "config") expect.fail(JSON.stringify(parsed));
	expect(startErrorLine(new Error("a\n  b\nc"), parsed.config)).toBe("a b c");
	expect(startErrorLine("thrown text", parsed.config)).toBe("thrown text");
});
