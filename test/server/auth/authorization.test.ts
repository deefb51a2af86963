import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
	WukongEvent_Type as EventType,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { root } from "../../../scripts/source-files.ts";
import { type App, createApp } from "../../../server/src/app/app.ts";
import { greeting } from "../../../server/src/app/console-messages.ts";
import type { Authenticator } from "../../../server/src/auth/authenticator.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { eightForms } from "../../support/eight-forms.ts";
import {
	createFakeAuthorizer,
	type FakeAuthorizer,
	principalOf,
} from "../../support/fake-authorizer.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { until } from "../../support/until.ts";

/** Whoever shows a name has it. */
const principals = new Map(["ann", "root"].map((name) => [name, principalOf(name)]));
const authenticator: Authenticator = {
	authenticate: ({ token }) => principals.get(token ?? ""),
};
const as = (name: string) => ({ authorization: `Bearer ${name}` });

let app: App;
let url = "";
let rights: FakeAuthorizer;

beforeEach(async () => {
	const result = parseConfig(["--port=0", "--data=:memory:", "--seed=1"], {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	rights = createFakeAuthorizer();
	rights.allow("root", "");
	app = createApp(result.config, { authenticators: [authenticator], authorizer: rights });
	({ url } = await app.listen());
});
afterEach(() => app.close());

describe.each(Object.entries(eightForms))("by %s", (_, call) => {
	test("a caller without the right is PERMISSION_DENIED, and one with it is answered", async () => {
		const { code, reason, status = 403 } = await call(url, as("ann"));
		expect([code, reason, status]).toEqual(["permission_denied", "PERMISSION_DENIED", 403]);
		rights.become("late");
		expect((await call(url, as("ann"))).reason).toBe("PERMISSION_DENIED");
		expect((await call(url, as("root"))).code).toBe("ok");
		rights.become(undefined);
		expect((await call(url, as("root"))).code).toBe("ok");
		expect(new Set(rights.asked.map(({ principal }) => principal))).toEqual(
			new Set(["ann", "root"]),
		);
	});
});

test("a list that is written page by page asks for each page, and ends where the right is gone", async () => {
	const client = createClient(
		WukongService,
		createConnectTransport({ baseUrl: url, httpVersion: "1.1" }),
	);
	const annotations = { pad: "p".repeat(200_000) };
	const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };
	// More than one page of 3 MiB.
	for (let count = 0; count < 40; count++) {
		const wukong = { name: `vm-${count}`, namespace: "a", annotations, spec };
		await client.createWukong({ wukong }, { headers: as("root") });
	}
	rights.allow("ann", ["a"]);
	rights.asked.length = 0;
	const read = async () => {
		const headers = { ...as("ann"), accept: "application/x-ndjson" };
		const answer = await fetch(`${url}/api/v1/namespaces/a/wukongs`, { headers });
		return (await answer.text()).trim().split("\n");
	};
	expect((await read()).filter((line) => line.includes('"vm-')).length).toBeGreaterThanOrEqual(40);
	expect(rights.asked.length).toBeGreaterThan(1);
	const { decide } = rights;
	let asked = 0;
	rights.decide = (principal, question) => {
		if (++asked === 2) rights.allow("ann", []);
		return decide(principal, question);
	};
	const lines = await read();
	expect(lines.length).toBeLessThan(40);
	expect(lines.at(-1)).toContain("PERMISSION_DENIED");
});

describe("the policy of docs/security.md", () => {
	const configOf = (...flags: string[]) => {
		const result = parseConfig(["--port=0", "--data=:memory:", ...flags], {});
		if (result.kind !== "config") throw new Error(JSON.stringify(result));
		return result.config;
	};

	test("holds for a running service, and a change of it reaches what is open", async () => {
		const folder = await mkdtemp(join(tmpdir(), "policy-"));
		const [keys, policy] = [join(folder, "keys"), join(folder, "policy.yaml")];
		const page = await readFile(join(root, "docs/security.md"), "utf8");
		const text = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
		await writeFile(keys, "");
		await writeFile(policy, text);
		const members = [
			["ops", principalOf("ben", "ops")],
			["ci", principalOf("ci")],
			["root", principalOf("root")],
		] as const;
		const clients = new Map(members);
		const clock = createFakeClock();
		const own = createApp(configOf("--auth-tokens-file", keys, "--policy-file", policy), {
			authenticators: [{ authenticate: ({ token = "" }) => clients.get(token as "ops") }],
			clock,
		});
		onTestFinished(async () => {
			await own.close();
			await rm(folder, { recursive: true });
		});
		const { url } = await own.listen();
		const client = createClient(
			WukongService,
			createConnectTransport({ baseUrl: url, httpVersion: "1.1" }),
		);
		const options = (name: string) => ({ headers: as(name) });
		const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };
		for (const namespace of ["team-a", "team-b", "team-c"]) {
			const wukong = { name: `vm-${namespace}`, namespace, spec };
			await client.createWukong({ wukong }, options("root"));
		}
		const codeOf = (call: Promise<unknown>) =>
			call.then(
				() => "ok",
				(error: unknown) => Code[ConnectError.from(error).code],
			);
		const vm = (team: string) => ({ namespace: team, name: `vm-${team}` });
		expect(await codeOf(client.getWukong(vm("team-a"), options("ops")))).toBe("ok");
		expect(await codeOf(client.stopWukong(vm("team-a"), options("ops")))).toBe("PermissionDenied");
		expect(await codeOf(client.stopWukong(vm("team-b"), options("ci")))).toBe("ok");
		expect(await codeOf(client.deleteWukong(vm("team-b"), options("ci")))).toBe("PermissionDenied");
		const listed = await client.listWukongs({}, options("ops"));
		expect(listed.wukongs.map(({ namespace }) => namespace)).toEqual(["team-a", "team-b"]);

		const seen: string[] = [];
		const heard = (async () => {
			for await (const { type, wukong } of client.watchWukong({}, options("ops"))) {
				if (type !== EventType.HEARTBEAT)
					seen.push(`${EventType[type]} ${wukong?.namespace ?? ""}`);
			}
		})().catch((error: unknown) => ConnectError.from(error).code);
		await until("the stream is level", () => seen.includes("SYNCED "));
		seen.length = 0;
		await writeFile(policy, text.replace("team-a, team-b", "team-b, team-c"));
		await until("the stream has started over", () => {
			void clock.advance(1_000);
			return seen.includes("SYNCED ");
		});
		expect(seen.filter((event) => /RESET|SYNCED/.test(event))).toEqual(["RESET ", "SYNCED "]);
		expect(seen.filter((event) => event.startsWith("ADDED"))).toEqual([
			"ADDED team-b",
			"ADDED team-c",
		]);
		await writeFile(policy, text.replace("groups: [ops]", "groups: [others]"));
		let ended: unknown;
		void heard.then((code) => {
			ended = code;
		});
		await until("the stream has ended", () => {
			void clock.advance(1_000);
			return ended !== undefined;
		});
		expect(ended).toBe(Code.PermissionDenied);
	});

	test("is asked for by the greeting where somebody signs in and there is none", () => {
		const text = (...flags: string[]) =>
			greeting("http://127.0.0.1:1", configOf(...flags), undefined);
		const words = /Whoever signs in may do everything; --policy-file/;
		expect(text("--auth-tokens-file", "keys")).toMatch(words);
		expect(text("--auth-tokens-file", "keys", "--policy-file", "policy")).not.toMatch(words);
		expect(text()).not.toMatch(words);
	});

	test("needs a way to sign in", () => {
		expect(parseConfig(["--policy-file", "policy"], {})).toEqual({
			kind: "faults",
			faults: [expect.stringMatching(/^--policy-file needs a way to sign in: --auth-tokens-file/)],
		});
	});
});
