import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkImports } from "../../scripts/import-rules.ts";

describe("the import direction", () => {
	const breaches: [file: string, line: string, rule: RegExp][] = [
		["server/src/watch/log.ts", 'import { x } from "../service/wukong/list.ts";', /watch\/ may/],
		["server/src/watch/log.ts", 'import type { C } from "@connectrpc/connect";', /knows no @conn/],
		["server/src/watch/log.ts", 'import { x } from "../store/embedded/a.ts";', /may import/],
		["server/src/store/store.ts", 'import { x } from "../watch/log.ts";', /store\/ may import/],
		["server/src/store/embedded/a.ts", 'import { x } from "../kubernetes/b.ts";', /embedded\/ may/],
		[
			"server/src/service/wukong/get.ts",
			'import { x } from "../../port/port.ts";',
			/service\/ may/,
		],
		["server/src/service/wukong/get.ts", 'import { x } from "../../http/a.ts";', /service\/ may/],
		["server/src/service/wukong/get.ts", 'import http from "node:http";', /no node:http/],
		["server/src/rpc/call/a.ts", 'import type { S } from "node:http2";', /knows no node:http/],
		["server/src/rpc/call/a.ts", 'import { x } from "../../port/port.ts";', /rpc\/ may import/],
		["server/src/config/parse.ts", 'import { x } from "../failure.ts";', /config\/ may import/],
		["server/src/resource/a.ts", 'import { x } from "../clock.ts";', /resource\/ may import/],
		["server/src/clock.ts", 'import { x } from "./failure.ts";', /no other room/],
		["server/src/app/app.ts", 'import { pino } from "pino";', /only telemetry/],
		["server/src/rpc/call/a.ts", 'import { E } from "@novasphere/wukong-gen/error";', /no @novas/],
		[
			"server/src/http/http1.ts",
			'import { C } from "@connectrpc/connect";',
			/knows no @connectrpc/,
		],
		["server/src/http/http1.ts", 'import { x } from "../rpc/router.ts";', /http\/ may import/],
		["server/src/app/app.ts", 'import { main } from "../main.ts";', /nothing imports main/],
		["server/src/watch/a.ts", 'import { W } from "../../../gen/src/a.js";', /package name/],
		["server/src/watch/a.ts", 'import { W } from "../../../test/a.ts";', /its own files/],
		["server/src/helpers/a.ts", 'import { W } from "../clock.ts";', /is in no room/],
		[
			"server/src/store/kubernetes/a.ts",
			'const a = await import("@kubernetes/client-node");',
			/^$/,
		],
		["server/src/watch/a.ts", 'const a = await import("@kubernetes/client-node");', /no @kubern/],
		["server/src/watch/a.ts", 'import { W } from "@novasphere/wukong-gen/wukong";', /no @nova/],
		["web-client/src/a.ts", 'import { x } from "node:timers";', /no node: module/],
		["web-client/src/a.ts", 'export * from "../../server/src/clock.ts";', /its own files/],
		["server/src/app/app.ts", "\tif (process.env.A) stop();", /only main.ts and process.ts/],
		[
			"server/src/app/app.ts",
			'import { runProcess } from "../process.ts";',
			/only main.ts imports/,
		],
		["server/src/main.ts", 'import { createApp } from "./app/app.ts";', /the check of Node/],
		["web-client/src/a.ts", 'import { W } from "@novasphere/wukong-gen/wukong";', /stands alone/],
		["web-client/src/a.ts", 'import { W } from "../gen/novasphere/v1/wukong_pb.js";', /^$/],
	];
	for (const [file, line, rule] of breaches) {
		const caught = rule.source !== "^$";
		test(`${file} with \`${line.trim()}\` is ${caught ? "refused" : "fine"}`, () => {
			const faults = checkImports(file, `\n${line}\n`);
			expect(faults).toHaveLength(caught ? 1 : 0);
			if (caught) expect(faults[0]).toMatchObject({ file, line: 2 });
			if (caught) expect(faults[0]?.rule).toMatch(rule);
		});
	}

	test("an import over several lines is seen", () => {
		const text = 'import {\n\ta,\n\tb,\n} from "../service/wukong/list.ts";\n';
		expect(checkImports("server/src/watch/log.ts", text)).toMatchObject([{ line: 4 }]);
	});

	test("what the rooms need is allowed", () => {
		const allowed: [file: string, specifier: string][] = [
			["server/src/main.ts", "./process.ts"],
			["server/src/process.ts", "./app/app.ts"],
			["server/src/app/pages.ts", "../watch/replica.ts"],
			["server/src/telemetry/metrics.ts", "prom-client"],
			["server/src/service/wukong/list.ts", "../../watch/filter.ts"],
			["server/src/service/wukong/list.ts", "../../resource/wukong/rules/rules.ts"],
			["server/src/watch/replica.ts", "../store/change-feed.ts"],
			["server/src/service/wukong/list.ts", "@novasphere/wukong-gen/wukong"],
			["server/src/store/embedded/operator/disks.ts", "../../../resource/version.ts"],
			["server/src/http/http2.ts", "node:http2"],
			["server/src/rpc/call/call.ts", "../../http/exchange.ts"],
			["server/src/port/port.ts", "../rpc/router.ts"],
			["server/src/main.ts", "./config/node-version.ts"],
			["server/src/process.ts", "./config/parse.ts"],
		];
		for (const [file, specifier] of allowed) {
			expect(checkImports(file, `import { a } from "${specifier}";`), file).toEqual([]);
		}
	});

	test("a comment that names the process is no breach", () => {
		expect(checkImports("server/src/app/app.ts", "// process.exit is main's\n")).toEqual([]);
	});

	test("the check reads this repository's own files", () => {
		const file = "server/src/store/store.ts";
		expect(checkImports(file, readFileSync(file, "utf8"))).toEqual([]);
	});
});
