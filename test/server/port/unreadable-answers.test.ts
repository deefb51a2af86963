import { connect } from "node:net";
import { expect, test } from "vitest";
import { startApp } from "../../support/running-app.ts";

/** Sends bytes on a connection of their own and reads all that comes back. */
function exchangeBytes(url: string, bytes: string): Promise<string> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve, reject) => {
		let text = "";
		const socket = connect(Number(port), hostname, () => socket.write(bytes));
		socket.setEncoding("utf8").on("data", (part) => {
			text += part;
		});
		socket.on("close", () => resolve(text)).on("error", reject);
	});
}

test.each([
	[
		"a head over the limit",
		`GET / HTTP/1.1\r\nx: ${"a".repeat(20_000)}\r\n\r\n`,
		431,
		"REQUEST_TOO_LARGE",
	],
	["what is no HTTP", "GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "INVALID_REQUEST"],
	[
		"CONNECT",
		"CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n",
		501,
		"METHOD_NOT_FOUND",
	],
	["another version", "GET / HTTP/0.9\r\nhost: localhost\r\n\r\n", 505, "INVALID_REQUEST"],
])(
	"a request that cannot be read, %s, is refused by the contract's Status",
	async (_, bytes, status, reason) => {
		await using app = await startApp();
		const answer = await exchangeBytes(app.url, bytes);
		const [head = "", body = ""] = answer.split("\r\n\r\n");
		expect(head.split("\r\n", 1)[0]).toContain(` ${status} `);
		expect(head).toContain("Content-Type: application/json");
		expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
		expect(JSON.parse(body)).toMatchObject({ reason, message: expect.any(String) });
	},
);
