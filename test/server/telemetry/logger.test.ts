import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLogDestination } from "../../../server/src/telemetry/logger.ts";

test("log lines that a slow reader has not taken pile up to the bound only", () => {
	const stream = new Writable({ write() {} });
	const destination = createLogDestination(stream, 1_000);
	for (let line = 0; line < 1_000; line++) destination.write(`${"x".repeat(99)}\n`);
	expect(stream.writableLength).toBe(1_000);
});

test("a log that cannot be written ends nothing", async () => {
	const stream = new Writable({ write: (_line, _encoding, done) => done(new Error("ENOSPC")) });
	const destination = createLogDestination(stream);
	// Without a listener the fault would be thrown, and end the process.
	expect(stream.listenerCount("error")).toBe(1);
	for (const line of ["first\n", "second\n"]) {
		expect(() => destination.write(line)).not.toThrow();
		await new Promise(setImmediate);
	}
});
