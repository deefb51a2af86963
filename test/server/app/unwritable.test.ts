import { DatabaseSync } from "node:sqlite";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema, RetryInfoSchema } from "@novasphere/wukong-gen/error-details";
import {
	Health,
	HealthCheckResponse_ServingStatus as ServingStatus,
} from "@novasphere/wukong-gen/health";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, expect, test, vi } from "vitest";
import { createApp } from "../../../server/src/app/app.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { createLogger } from "../../../server/src/telemetry/logger.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { standingOperator } from "../../support/running-app.ts";

afterEach(() => {
	vi.restoreAllMocks();
});

/** Lets every transaction fail with an extended result code of SQLite, until it is undefined. */
function plantedDisk() {
	const disk: { errcode: number | undefined } = { errcode: undefined };
	const { exec } = DatabaseSync.prototype;
	vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
		const { errcode } = disk;
		if (sql === "COMMIT" && errcode !== undefined) {
			throw Object.assign(new Error("what SQLite says of it"), { errcode });
		}
		exec.call(this, sql);
	});
	return disk;
}

test.each([
	["SQLITE_FULL", 13, "full", "the disk is full"],
	["SQLITE_READONLY", 8, "read_only", "the data file can only be read"],
	["SQLITE_IOERR_WRITE", 778, "write", "the system refuses to write the data file"],
])(
	"a store that cannot write (%s) is an error line, a failed /readyz with its reason, NOT_SERVING to those who watch the health, a metric and UNAVAILABLE, until there is room",
	async (_, errcode, cause, words) => {
		const disk = plantedDisk();
		const clock = createFakeClock();
		const lines: { level: string; msg: string; cause?: string }[] = [];
		const logger = createLogger("info", { write: (line) => lines.push(JSON.parse(line)) });
		const parsed = parseConfig(
			["--port=0", "--data=:memory:", "--seed=1", ...standingOperator],
			{},
		);
		if (parsed.kind !== "config") expect.fail(JSON.stringify(parsed));
		const app = createApp(parsed.config, { clock, logger });
		const { url } = await app.listen();
		const page = async (path: string) => {
			const answer = await fetch(`${url}${path}`);
			return { status: answer.status, body: await answer.text() };
		};
		const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
		const client = createClient(WukongService, transport);
		const stop = () => client.stopWukong({ name: "vm-0" });
		const health = createClient(Health, transport).watch({})[Symbol.asyncIterator]();
		const nextStatus = async () => (await health.next()).value?.status;
		try {
			expect((await page("/metrics")).body).toContain("wukong_store_writable 1\n");
			expect(await nextStatus()).toBe(ServingStatus.SERVING);
			disk.errcode = errcode;
			const error = ConnectError.from(await stop().catch((error: unknown) => error));
			expect(error.code).toBe(Code.Unavailable);
			expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("UPSTREAM_UNAVAILABLE");
			expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
			expect(error.message).not.toContain("SQLite");
			await expect(stop()).rejects.toThrow();

			expect(await nextStatus()).toBe(ServingStatus.NOT_SERVING);
			const readyz = await page("/readyz");
			expect(readyz.status).toBe(503);
			expect(readyz.body).toContain(`not ready: the store cannot write: ${words}`);
			const { body } = await page("/metrics");
			expect(body).toContain("wukong_store_writable 0\n");
			expect(body).toContain(`wukong_store_commit_errors_total{cause="${cause}"} 2\n`);
			const errors = lines.filter(({ level }) => level === "error");
			expect(errors).toHaveLength(1);
			expect(errors[0]).toMatchObject({ cause, msg: expect.stringContaining(words) });
			// Reads go on, and the process lives.
			expect((await page("/livez")).status).toBe(200);
			expect((await client.getWukong({ name: "vm-0" })).wukong?.name).toBe("vm-0");

			disk.errcode = undefined;
			await clock.advance(5_000);
			expect(await page("/readyz")).toEqual({ status: 200, body: "ready\n" });
			expect((await page("/metrics")).body).toContain("wukong_store_writable 1\n");
			expect(lines.at(-1)).toMatchObject({ level: "info", msg: "the store can write again" });
			expect(await nextStatus()).toBe(ServingStatus.SERVING);
			expect((await stop()).changed).toBe(true);
		} finally {
			await app.close(0);
		}
	},
);
