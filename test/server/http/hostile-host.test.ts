import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import { openPort, type PortSettings, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { createSeededRandom } from "../../support/seeded-random.ts";

const get = `${pathOf("GetWukong")}?encoding=json&message=%7B%22name%22%3A%22a%22%7D`;
const malformed = ["a b", "[", "x:99999", "", "::", "[::1", "a@b", "1.2.3.4.5", "\xff"];

let files: CertificateFiles;
beforeAll(async () => {
	files = await createCertificateFiles();
});
afterAll(() => files.remove());

const ways: readonly [name: string, settings: () => PortSettings, tls: boolean][] = [
	["cleartext", () => ({}), false],
	["TLS", () => ({ tls: files }), true],
];

describe.each(ways)("a malformed host never ends the process, %s", (_name, settings, tls) => {
	test("HTTP/1.0 without Host is 400", async () => {
		expect(await http1Status(await openPort(settings()), `GET ${get} HTTP/1.0\r\n\r\n`)).toBe(
			"400",
		);
	});

	test.each(malformed)("Host %j over HTTP/1.1 is 400", async (host) => {
		const request = `GET ${get} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
		expect(await http1Status(await openPort(settings()), request)).toBe("400");
	});

	test.each(malformed)(":authority %j over HTTP/2 is refused", async (host) => {
		const { portNumber, seen } = await openPort(settings());
		const client = await openRaw(portNumber, tls ? "h2" : undefined);
		const scheme = tls ? "https" : "http";
		const head = { ":method": "GET", ":scheme": scheme, ":path": get, ":authority": host };
		await client.send(
			Buffer.concat([h2Preface, h2SettingsAck, headersFrame(1, head, { endStream: true })]),
		);
		// Either our 400 or a reset by Node's own checks: anything but a handler that runs.
		await client.expectFrames((types) => types.includes("HEADERS") || types.includes("RST_STREAM"));
		expect(seen.begun).toBe(0);
		client.socket.destroy();
	});

	test("600 random hosts are answered or refused, and the next good call works", async () => {
		const port = await openPort(settings());
		const random = createSeededRandom(20_261_121);
		const alphabet = "aZ0.-_:[]@/\\?#%&=+ \t\"'<>{}|^`~!$(),;*\x01\x7f\x80\xe9\xff";
		for (let i = 0; i < 600; i++) {
			const length = Math.floor(random() * 12);
			const host = Array.from(
				{ length },
				() => alphabet[Math.floor(random() * alphabet.length)],
			).join("");
			const status = await http1Status(
				port,
				`GET ${get} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
			);
			expect(["400", "421"], `host ${JSON.stringify(host)}`).toContain(status);
		}
		const good = `GET ${get} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
		expect(await http1Status(port, good)).toBe("200");
	});

	async function http1Status(port: { portNumber: number }, request: string): Promise<string> {
		const client = await openRaw(port.portNumber, tls ? "http/1.1" : undefined);
		await client.send(request);
		await client.expectClosed();
		return /^HTTP\/1\.1 (\d{3})/.exec(client.received())?.[1] ?? "";
	}
});

test("a host that is not allowed is 421, an allowed one is served", async () => {
	const { portNumber } = await openPort({ allowedHosts: ["console.example.org"] });
	const statusFor = async (host: string) => {
		const client = await openRaw(portNumber);
		await client.send(`GET ${get} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
		await client.expectClosed();
		return client.received().slice(9, 12);
	};
	expect(await statusFor("evil.example")).toBe("421");
	expect(await statusFor("console.example.org:8443")).toBe("200");
});

test("a process of its own outlives every malformed host", async () => {
	const path = fileURLToPath(new URL("./port-child.ts", import.meta.url));
	const child = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "inherit"] });
	try {
		const [line] = (await once(child.stdout, "data")) as [Buffer];
		const port = Number(String(line));
		for (const host of malformed) {
			const client = await openRaw(port);
			await client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
			await client.expectClosed();
		}
		const bare = await openRaw(port);
		await bare.send("GET / HTTP/1.0\r\n\r\n");
		await bare.expectClosed();
		expect(child.exitCode).toBeNull();
		const last = await openRaw(port);
		await last.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
		await last.expectClosed();
		expect(last.received()).toContain("HTTP/1.1 200");
	} finally {
		child.kill();
	}
});
