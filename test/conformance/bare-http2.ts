import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createSecureServer, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TlsFileNames } from "../../server/src/http/tls-files.ts";
import type { TextResponse } from "../../server/src/port/assets.ts";

/** A server that answers every request alike. */
export interface AnsweringServer {
	readonly portNumber: number;
	close(): Promise<void>;
}

/** Node's HTTP/2 with nothing of ours on it: what fails here is not ours to mend. */
export async function startBareHttp2(
	answer: () => Promise<TextResponse>,
	tls: TlsFileNames | undefined,
): Promise<AnsweringServer> {
	const server =
		tls === undefined
			? createServer()
			: createSecureServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) });
	const sessions = new Set<{ destroy(): void }>();
	server.on("session", (session) => {
		sessions.add(session);
		session.once("close", () => sessions.delete(session));
	});
	server.on("sessionError", () => {});
	server.on("stream", async (stream: ServerHttp2Stream) => {
		stream.on("error", () => {});
		const { status, contentType, body } = await answer();
		if (stream.destroyed || stream.closed) return;
		stream.respond({ ":status": status, "content-type": contentType });
		stream.end(body);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		portNumber: (server.address() as AddressInfo).port,
		async close() {
			server.close();
			for (const session of sessions) session.destroy();
			await once(server, "close");
		},
	};
}
