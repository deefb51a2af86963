import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { h2Preface, h2SettingsAck } from "../support/h2-frames.ts";
import { openRaw } from "../support/raw-client.ts";
import { until } from "../support/until.ts";
import { errorOf } from "./answer-error.ts";
import { type Manner, writeBytes } from "./byte-writer.ts";
import { rawFrames } from "./rows/raw-frames.ts";
import { lateBodies, rawRequests } from "./rows/raw-requests.ts";
import { expectUnharmed } from "./rows-test.ts";
import { sendBytes } from "./send-http1.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
const impatient = await openStage("--body-timeout-ms=1000");
afterAll(async () => {
	await stage[Symbol.asyncDispose]();
	await impatient[Symbol.asyncDispose]();
});
beforeAll(() => {
	stage.takeBase();
	impatient.takeBase();
});

describe.each<Manner>(["whole", "byte by byte"])("%s", (manner) => {
	test.each(rawRequests.map((row) => [row.id, row.what, row] as const))(
		"%s: %s",
		async (...[, , { bytes, httpStatus, ...options }]) => {
			await expectUnharmed(stage, 1, async () => {
				const answer = await sendBytes(stage.portNumber, Buffer.from(bytes, "latin1"), {
					manner,
					...options,
				});
				expect([answer.status, answer.closes]).toEqual([httpStatus, true]);
			});
		},
	);

	test.each(rawFrames.map((row) => [row.id, row.what, row] as const))(
		"%s: %s",
		async (...[, , { frames, http2Codes }]) => {
			await expectUnharmed(stage, 1, async () => {
				const client = await openRaw(stage.portNumber);
				const bytes = Buffer.concat([h2Preface, h2SettingsAck, frames]);
				const sent = writeBytes(client.socket, bytes, manner);
				const code = () => endCode(client.frames());
				await until("the stream is broken off", () => code() !== undefined || client.isClosed());
				await sent;
				client.socket.destroy();
				expect(http2Codes).toContain(code());
			});
		},
	);
});

test.each(lateBodies.map((row) => [row.id, row.what, row] as const))(
	"%s: %s, answered when the time for bodies is over, and then closed",
	async (...[, , { bytes, httpStatus }]) => {
		await expectUnharmed(impatient, 1, async () => {
			const body = Buffer.from(bytes, "latin1");
			const answer = await sendBytes(impatient.portNumber, body, { manner: "whole" });
			expect([answer.status, errorOf(answer)?.code]).toEqual([httpStatus, 4]);
		});
	},
);

/** The code that ended stream 1 or its connection. */
function endCode(frames: ReturnType<Awaited<ReturnType<typeof openRaw>>["frames"]>) {
	const reset = frames.find(({ type, streamId }) => type === "RST_STREAM" && streamId === 1);
	if (reset !== undefined) return reset.payload.readUInt32BE(0);
	return frames.find(({ type }) => type === "GOAWAY")?.payload.readUInt32BE(4);
}
