import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { type Connection, connectionOf } from "../../../server/src/http/connection.ts";
import { createCertificateFiles } from "../../support/certificate.ts";

test("a peer in clear text is its address and port (RFC 9110, 3.3)", async () => {
	const seen = Promise.withResolvers<Connection>();
	const server = createServer((socket) => seen.resolve(connectionOf(socket, "1.1")));
	await once(server.listen(0, "127.0.0.1"), "listening");
	onTestFinished(() => void server.close());
	const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
	onTestFinished(() => void client.destroy());
	const { peer, secure } = await seen.promise;
	expect(secure).toBe(false);
	expect(peer).toMatchObject({ address: "127.0.0.1", port: client.localPort, secure: false });
	expect(peer.certificate).toBeUndefined();
});

test.each([
	[true, "CN=localhost"],
	[false, undefined],
])(
	"a peer that gives a certificate (%s) where TLS asks for one has the subject %s",
	async (gives, subject) => {
		const files = await createCertificateFiles();
		onTestFinished(files.remove);
		const key = await readFile(files.keyFile, "utf8");
		const { cert } = files;
		const seen = Promise.withResolvers<Connection>();
		const options = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: false };
		const server = createTlsServer(options, (socket) => seen.resolve(connectionOf(socket, "1.1")));
		await once(server.listen(0, "127.0.0.1"), "listening");
		onTestFinished(() => void server.close());
		const port = (server.address() as AddressInfo).port;
		const client = connectTls({
			...{ port, host: "127.0.0.1", servername: "localhost", ca: cert },
			...(gives ? { cert, key } : {}),
		});
		client.on("error", () => {});
		onTestFinished(() => void client.destroy());
		const { peer, secure } = await seen.promise;
		expect([secure, peer.secure]).toEqual([true, true]);
		expect(peer.certificate?.subject).toBe(subject);
		expect(peer.certificate).toBe(peer.certificate);
	},
);

test("a certificate that is first asked for after its HTTP/2 session has ended is none", async () => {
	const seen = Promise.withResolvers<Connection>();
	const server = createHttp2Server();
	server.on("session", (session) => {
		const connection = connectionOf(session.socket as unknown as Socket, "2.0");
		session.on("close", () => seen.resolve(connection));
		session.destroy();
	});
	await once(server.listen(0, "127.0.0.1"), "listening");
	onTestFinished(() => void server.close());
	const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	client.on("error", () => {});
	const { peer } = await seen.promise;
	expect([peer.address, peer.certificate]).toEqual(["127.0.0.1", undefined]);
	client.destroy();
});
