import { expect, test } from "vitest";
import { systemClock } from "../../../server/src/clock.ts";
import { defaultLimits } from "../../../server/src/transport/limits.ts";
import { frame, h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";

const ping = frame(6, 0, 0, Buffer.alloc(8));
const limits = { maxPingStrikes: 5 };
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
	const { portNumber, seen } = await openPort({ limits });
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
