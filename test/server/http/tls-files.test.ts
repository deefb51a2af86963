import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, type TLSSocket } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { openPort } from "../../support/port-fixture.ts";
import { until } from "../../support/until.ts";

const pollMs = 10_000;
let files: CertificateFiles;
beforeEach(async () => {
	files = await createCertificateFiles();
});
afterEach(() => files.remove());

/** Fingerprint of the certificate that a new connection is shown. */
async function shownBy(port: number): Promise<string> {
	const socket: TLSSocket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
	await once(socket, "secureConnect");
	const { fingerprint256 } = socket.getPeerCertificate();
	socket.destroy();
	return fingerprint256;
}

test("ALPN chooses the version, and all protocols work over it", async () => {
	const { url } = await openPort({ tls: files });
	const nodeOptions = { ca: files.cert };
	for (const transport of [
		createConnectTransport({ baseUrl: url, httpVersion: "1.1", nodeOptions }),
		createConnectTransport({ baseUrl: url, httpVersion: "2", nodeOptions }),
		createGrpcTransport({ baseUrl: url, nodeOptions }),
	]) {
		const client = createClient(WukongService, transport);
		expect((await client.getWukong({ name: "a" })).wukong?.name).toBe("a");
	}
});

test("renewed files are used by new connections", async () => {
	const clock = createFakeClock();
	const { portNumber, seen } = await openPort({ tls: files, clock });
	const before = await shownBy(portNumber);
	await files.renew();
	expect(await shownBy(portNumber)).toBe(before);
	await clock.advance(pollMs);
	await until("the files are read again", () => seen.tlsEvents.length === 1);
	expect(seen.tlsEvents).toEqual(["reloaded"]);
	expect(await shownBy(portNumber)).not.toBe(before);
});

test("a bad file keeps the certificate in use and is reported once", async () => {
	const clock = createFakeClock();
	const { portNumber, seen } = await openPort({ tls: files, clock });
	const before = await shownBy(portNumber);
	await writeFile(files.certFile, "half a certifi");
	await clock.advance(pollMs);
	await until("the fault is reported", () => seen.tlsEvents.length === 1);
	await until("the next look is planned", () => clock.pendingTimers > 0);
	await clock.advance(pollMs);
	expect(await shownBy(portNumber)).toBe(before);
	await files.renew();
	await until("the files are read again", () => {
		void clock.advance(pollMs);
		return seen.tlsEvents.length === 2;
	});
	expect(seen.tlsEvents).toEqual(["failed", "reloaded"]);
	expect(await shownBy(portNumber)).not.toBe(before);
});

test("listen fails with what is wrong with the files", async () => {
	await writeFile(files.keyFile, "no key");
	await expect(openPort({ tls: files })).rejects.toThrow();
});
