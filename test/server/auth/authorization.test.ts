import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../server/src/app/app.ts";
import type { Authenticator } from "../../../server/src/auth/authenticator.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { eightForms } from "../../support/eight-forms.ts";
import {
	createFakeAuthorizer,
	type FakeAuthorizer,
	principalOf,
} from "../../support/fake-authorizer.ts";

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
