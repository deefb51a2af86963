import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createIssuerKeys } from "../../../../server/src/auth/oidc/issuer-keys.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";

const mebibyte = 1_024 * 1_024;

/** Writes white space, which JSON allows, until the reader leaves or there were 64 MiB; tells how much went out. */
function pour(response: ServerResponse, written: (bytes: number) => void): void {
	const part = Buffer.alloc(64 * 1_024, " ");
	let bytes = 0;
	const more = () => {
		while (!response.destroyed && bytes < 64 * mebibyte) {
			bytes += part.byteLength;
			written(bytes);
			if (!response.write(part)) return void response.once("drain", more);
		}
		response.end("{}");
	};
	more();
}

/** An issuer one of whose answers is as `answer` writes it. */
async function startIssuer(
	at: "/.well-known/openid-configuration" | "/keys",
	answer: (response: ServerResponse) => void,
) {
	const server = createServer((request, response) => {
		response.setHeader("content-type", "application/json");
		if (request.url === at) answer(response);
		else response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys`, keys: [] }));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		url,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

/** Looks at an issuer once; returns what it says of it. */
function look(issuer: string): Promise<string> {
	return new Promise((resolve) => {
		const keys = createIssuerKeys({
			issuer,
			clock: createFakeClock(),
			onTrouble(error) {
				keys.stop();
				resolve((error as Error).message);
			},
			onRecovery() {},
		});
		keys.start();
	});
}

test.each(["/.well-known/openid-configuration", "/keys"] as const)(
	"of %s at most a mebibyte is read, whatever length it announces",
	async (at) => {
		let sent = 0;
		await using issuer = await startIssuer(at, (response) => {
			pour(response, (bytes) => {
				sent = bytes;
			});
		});
		expect(await look(issuer.url)).toContain(`answers more than ${mebibyte} bytes`);
		// What the sockets hold on the way is no memory of the service.
		expect(sent).toBeLessThan(64 * mebibyte);
	},
);

test.each(["/.well-known/openid-configuration", "/keys"] as const)(
	"of %s the bytes count as they are once decompressed",
	async (at) => {
		const bomb = gzipSync(Buffer.alloc(16 * mebibyte, " "));
		await using issuer = await startIssuer(at, (response) => {
			response.setHeader("content-encoding", "gzip");
			response.end(bomb);
		});
		expect(await look(issuer.url)).toContain(`answers more than ${mebibyte} bytes`);
	},
);
