import { once } from "node:events";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { until } from "../../support/until.ts";

let files: CertificateFiles;
beforeAll(async () => {
	files = await createCertificateFiles();
});
afterAll(() => files.remove());

const body = JSON.stringify({ name: "b" });
const fields = `Host: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
const head = `POST ${pathOf("GetWukong")} HTTP/1.1\r\n${fields}\r\n\r\n`;

/** More than the sockets hold: the rest waits until the caller reads. */
const answerBytes = 12 * 1024 * 1024;

/** A TLS connection whose records are sent in one piece where the test asks for that. */
async function openInPieces(port: number) {
	const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
	const held: Buffer[] = [];
	let isHeld = false;
	const records = new Duplex({
		read() {},
		write(record: Buffer, _encoding, done) {
			if (isHeld) held.push(record);
			else tcp.write(record);
			done();
		},
	});
	tcp.on("data", (bytes) => records.push(bytes));
	const options = { ALPNProtocols: ["http/1.1"], rejectUnauthorized: false };
	const tls = connectTls({ socket: records, ...options });
	await once(tls, "secureConnect");
	async function sendAtOnce(parts: readonly string[]): Promise<void> {
		isHeld = true;
		for (const part of parts) tls.write(part);
		await until("each part is a record", () => held.length === parts.length);
		isHeld = false;
		tcp.write(Buffer.concat(held.splice(0)));
	}
	return { tcp, tls, sendAtOnce };
}

// Node's parser pauses behind a request whose turn has not come, but TLS goes on to hand it the
// records that arrived with that request: a fault (HPE_PAUSED) that cost the connection.
test("a request in two TLS records is answered, though the answer before it is not read yet", async () => {
	const { portNumber, seen } = await openPort({
		tls: files,
		implementation: { getWukong: () => ({ wukong: { name: "x".repeat(answerBytes) } }) },
	});
	const { tcp, tls, sendAtOnce } = await openInPieces(portNumber);
	let receivedBytes = 0;
	tls.on("data", (chunk: Buffer) => {
		receivedBytes += chunk.byteLength;
	});
	tls.write(head + body);
	await once(tls, "data");
	tcp.pause();
	await sendAtOnce([head, body]);
	await until("the second call begins", () => seen.begun === 2 || seen.faults.length > 0);
	tcp.resume();
	await until("both answers arrive", () => receivedBytes > 2 * answerBytes || tcp.closed);
	expect(seen.faults).toEqual([]);
	expect(receivedBytes).toBeGreaterThan(2 * answerBytes);
	tls.destroy();
	tcp.destroy();
});
