import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../server/src/clock.ts";
import { defaultLimits } from "../../../server/src/http/limits.ts";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { frame, h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";

let files: CertificateFiles;
beforeAll(async () => {
	files = await createCertificateFiles();
});
afterAll(() => files.remove());

const ping = frame(6, 0, 0, Buffer.alloc(8));
const limits = { maxPingStrikes: 5 };
/** No PING is late, however busy the machine. */
const standing = { ...systemClock, monotonicMs: () => 0 };
const enhanceYourCalm = 11;

const get = (streamId: number) =>
	headersFrame(
		streamId,
		{
			":method": "GET",
			":scheme": "http",
			":path": `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`,
			":authority": "localhost",
		},
		{ endStream: true },
	);

test("PINGs without need end the connection with GOAWAY", async () => {
	const { portNumber, seen } = await openPort({ limits, clock: standing });
	const client = await openRaw(portNumber);
	await client.send(Buffer.concat([h2Preface, h2SettingsAck, ...Array(100).fill(ping)]));
	await client.expectClosed();
	const goaway = client.frames().find(({ type }) => type === "GOAWAY");
	expect(goaway?.payload.readUInt32BE(4)).toBe(enhanceYourCalm);
	expect(seen.faults).toEqual(["too_many_pings"]);
});

test("PINGs far enough apart never do", async () => {
	let nowMs = 0;
	const clock = { ...systemClock, monotonicMs: () => nowMs };
	const { portNumber, seen } = await openPort({ limits, clock });
	const client = await openRaw(portNumber);
	await client.send(Buffer.concat([h2Preface, h2SettingsAck]));
	for (let count = 1; count <= 20; count++) {
		nowMs += defaultLimits.minPingIntervalMs;
		await client.send(ping);
		await client.expectFrames((types) => types.filter((type) => type === "PING").length === count);
	}
	expect(seen.faults).toEqual([]);
	client.socket.destroy();
});

test("a PING after each answer is no strike: so clients measure their line", async () => {
	const { portNumber, seen } = await openPort({ limits });
	const client = await openRaw(portNumber);
	await client.send(Buffer.concat([h2Preface, h2SettingsAck]));
	for (let count = 1; count <= 20; count++) {
		await client.send(get(2 * count - 1));
		await client.expectFrames((types) => types.filter((type) => type === "DATA").length >= count);
		await client.send(ping);
		await client.expectFrames((types) => types.filter((type) => type === "PING").length === count);
	}
	expect(seen.faults).toEqual([]);
	client.socket.destroy();
});

// In one packet the first of the answers leaves with all of them; one by one each is alone.
describe.each([
	["cleartext", () => ({}), undefined],
	["TLS", () => ({ tls: files }), "h2"],
] as const)("PINGs sent one by one, %s", (_name, tls, alpn) => {
	test("end the connection with the one that is too many", async () => {
		const { portNumber, seen } = await openPort({ limits, clock: standing, ...tls() });
		const client = await openRaw(portNumber, alpn);
		await client.send(Buffer.concat([h2Preface, h2SettingsAck]));
		await client.expectFrames((types) => types.includes("SETTINGS"));
		let answers = 0;
		const pings = () => client.frames().filter(({ type }) => type === "PING").length;
		while (!client.isClosed() && answers < 50) {
			await client.send(ping);
			await until("it is answered, or the end", () => pings() > answers || client.isClosed());
			answers = pings();
		}
		// The first is never too soon; of those behind it as many pass as are allowed.
		expect(answers).toBeGreaterThanOrEqual(limits.maxPingStrikes);
		expect(answers).toBeLessThanOrEqual(limits.maxPingStrikes + 2);
		expect(seen.faults).toEqual(["too_many_pings"]);
		client.socket.destroy();
	});
});
