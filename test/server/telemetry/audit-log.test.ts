import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { appendToFile, createAuditLog } from "../../../server/src/telemetry/audit-log.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const record = (name: string) => ({
	...{ time: "2026-01-01T00:00:00.000Z", method: "StartWukong", name, outcome: "done" as const },
});

function stage(isRequired = false) {
	const clock = createFakeClock();
	const heard: string[] = [];
	/** What was appended, and what the next tries come to. */
	const disk = { text: "", isFull: false, writes: 0 };
	const log = createAuditLog({
		append: async (text) => {
			disk.writes++;
			if (disk.isFull) throw Object.assign(new Error("full"), { code: "ENOSPC" });
			disk.text += text;
		},
		isRequired,
		clock,
		observer: {
			auditFailed: () => void heard.push("failed"),
			auditRecovered: () => void heard.push("recovered"),
			auditLost: () => void heard.push("lost"),
		},
	});
	const names = () =>
		disk.text
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => (JSON.parse(line) as { name: string }).name);
	return { log, clock, heard, disk, names };
}

describe("the audit log", () => {
	test("never waits: what comes during a write is written with the next", async () => {
		const { log, disk, names } = stage();
		for (const name of ["a", "b", "c"]) log.write(record(name));
		await log.close();
		expect([names(), disk.writes]).toEqual([["a", "b", "c"], 2]);
	});

	test("on a full disk keeps its lines, is told of once and in a line, and goes on when there is room", async () => {
		const { log, clock, heard, disk, names } = stage();
		disk.isFull = true;
		log.write(record("a"));
		await clock.advance(0);
		log.write(record("b"));
		await clock.advance(5_000);
		expect([heard, log.trouble(), log.isOpen]).toEqual([
			["failed"],
			"the audit log cannot be written",
			true,
		]);
		disk.isFull = false;
		await clock.advance(1_000);
		expect([names(), heard, log.trouble()]).toEqual([
			["a", "b"],
			["failed", "recovered"],
			undefined,
		]);
		await log.close();
	});

	test("counts what is beyond its bound, and says so", async () => {
		const { log, clock, heard, disk } = stage();
		disk.isFull = true;
		const long = record("n".repeat(1_024 * 1_024));
		for (let count = 0; count < 20; count++) log.write(long);
		await clock.advance(0);
		for (let count = 0; count < 20; count++) log.write(long);
		expect(heard.filter((word) => word === "lost").length).toBeGreaterThan(0);
		disk.isFull = false;
		await clock.advance(1_000);
		expect(log.trouble()).toMatch(/^[0-9]+ lines of the audit log are lost$/);
		await log.close();
	});

	test("that is required is closed while it fails, and open again by itself", async () => {
		const { log, clock, disk } = stage(true);
		expect(log.isOpen).toBe(true);
		disk.isFull = true;
		log.write(record("a"));
		await clock.advance(0);
		expect(log.isOpen).toBe(false);
		disk.isFull = false;
		await clock.advance(1_000);
		expect(log.isOpen).toBe(true);
		await log.close();
	});

	test("in a file is for its owner alone, and goes on in a new one when that is moved away", async () => {
		const folder = await mkdtemp(join(tmpdir(), "audit-"));
		onTestFinished(() => rm(folder, { recursive: true }));
		const file = join(folder, "audit.log");
		const append = appendToFile(file);
		await append("one\n");
		await rename(file, `${file}.1`);
		await append("two\n");
		expect([await readFile(`${file}.1`, "utf8"), await readFile(file, "utf8")]).toEqual([
			"one\n",
			"two\n",
		]);
		expect((await stat(file)).mode & 0o777).toBe(0o600);
	});
});
