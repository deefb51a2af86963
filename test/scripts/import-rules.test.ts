import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkImports } from "../../scripts/import-rules.ts";

describe("the import direction", () => {
	const breaches: [file: string, line: string, rule: RegExp][] = [
		["server/src/watch/log.ts", 'import { x } from "../service/list.ts";', /watch may import/],
		["server/src/watch/log.ts", 'import type { C } from "@connectrpc/connect";', /no RPC/],
		["server/src/watch/log.ts", 'import { x } from "../store/embedded/a.ts";', /may import/],
		["server/src/store/rules.ts", 'import { x } from "../watch/log.ts";', /store may import/],
		["server/src/service/get.ts", 'import { x } from "../transport/port.ts";', /service may/],
		["server/src/service/get.ts", 'import { x } from "../store/embedded/db.ts";', /service may/],
		["server/src/service/get.ts", 'import http from "node:http";', /only transport/],
		["server/src/service/get.ts", 'import type { Http2Stream } from "node:http2";', /only tr/],
		["server/src/config/parse.ts", 'import { x } from "../failure.ts";', /config may import/],
		["server/src/resource/a.ts", 'import { x } from "../clock.ts";', /resource may import/],
		["server/src/app.ts", 'import { main } from "./main.ts";', /nothing imports main/],
		["server/src/watch/a.ts", 'import { W } from "../../../gen/src/a.js";', /package name/],
		["server/src/watch/a.ts", 'import { W } from "../../../test/a.ts";', /its own files/],
		["server/src/helpers/a.ts", 'import { W } from "../clock.ts";', /is no room/],
		["server/src/store/a.ts", 'const a = await import("@kubernetes/client-node");', /^$/],
		["server/src/watch/a.ts", 'const a = await import("@kubernetes/client-node");', /Kubern/],
		["web-client/src/a.ts", 'import { x } from "node:timers";', /no node: module/],
		["web-client/src/a.ts", 'import { W } from "@novasphere/wukong-gen/wukong";', /stands alone/],
		["web-client/src/a.ts", 'import { W } from "../gen/novasphere/v1/wukong_pb.js";', /^$/],
		["web-client/src/a.ts", 'export * from "../../server/src/clock.ts";', /its own files/],
		["server/src/app.ts", "\tif (process.env.A) stop();", /only main.ts and process.ts/],
		["server/src/app.ts", 'import { runProcess } from "./process.ts";', /only main.ts imports/],
		["server/src/main.ts", 'import { createApp } from "./app.ts";', /the check of Node/],
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
		const text = 'import {\n\ta,\n\tb,\n} from "../service/list.ts";\n';
		expect(checkImports("server/src/watch/log.ts", text)).toMatchObject([{ line: 4 }]);
	});

	test("what the rooms need is allowed", () => {
		const allowed: [file: string, specifier: string][] = [
			["server/src/main.ts", "./process.ts"],
			["server/src/process.ts", "./app.ts"],
			["server/src/app-pages.ts", "./watch/replica.ts"],
			["server/src/service/list.ts", "../watch/filter.ts"],
			["server/src/service/list.ts", "../store/rules.ts"],
			["server/src/watch/replica.ts", "../store/source.ts"],
			["server/src/watch/replica.ts", "@novasphere/wukong-gen/wukong"],
			["server/src/store/embedded/operator/disks.ts", "../../../resource/version.ts"],
			["server/src/transport/port.ts", "node:http2"],
			["server/src/main.ts", "./config/node-version.ts"],
			["server/src/process.ts", "./config/parse.ts"],
		];
		for (const [file, specifier] of allowed) {
			expect(checkImports(file, `import { a } from "${specifier}";`), file).toEqual([]);
		}
	});

	test("a comment that names the process is no breach", () => {
		expect(checkImports("server/src/app.ts", "// process.exit is main's\n")).toEqual([]);
	});

	test("the check reads this repository's own files", () => {
		const file = "server/src/store/source.ts";
		expect(checkImports(file, readFileSync(file, "utf8"))).toEqual([]);
	});
});
