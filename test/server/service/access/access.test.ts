import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
	WatchAccessResponse_Type as Type,
	type WatchAccessRequest,
	type WatchAccessResponse,
} from "@novasphere/wukong-gen/access-service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../../server/src/app/app.ts";
import { createApiKey, hashApiKey } from "../../../../server/src/auth/api-keys/api-key.ts";
import { formatKeyLine } from "../../../../server/src/auth/api-keys/key-file.ts";
import { parseConfig } from "../../../../server/src/config/config.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { until } from "../../../support/until.ts";
import { type AccessWire, accessWires, reasonOf } from "./access-wires.ts";

const [ann, bob] = [createApiKey(), createApiKey()];

let folder = "";
let clock: FakeClock;
let app: App;
let url = "";
const leaver: { current: AbortController } = { current: new AbortController() };

const lineOf = (key: string, expireTimeMs?: number) =>
	formatKeyLine({
		...{ name: key === ann ? "ann" : "bob", groups: ["ops", "dev"], expireTimeMs },
		sha256: hashApiKey(key),
	});
const policyOf = (...roles: readonly string[]) => `bindings:
${roles.map((role) => `  - role: ${role}\n    names: [ann]\n    namespaces: [team-a]`).join("\n")}
  - {role: viewer, names: [bob], namespaces: ["*"]}
`;

async function replace(name: string, text: string): Promise<void> {
	await writeFile(join(folder, "new"), text);
	await rename(join(folder, "new"), join(folder, name));
}

async function start(...flags: readonly string[]): Promise<void> {
	const result = parseConfig(["--port=0", "--data=:memory:", ...flags], {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	app = createApp(result.config, { clock });
	({ url } = await app.listen());
}

const signedIn = async () => {
	await replace("keys", [lineOf(ann, clock.nowMs() + 100_000), lineOf(bob)].join("\n"));
	await replace("policy", policyOf("viewer"));
	await start(`--auth-tokens-file=${folder}/keys`, `--policy-file=${folder}/policy`);
};

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-access-"));
	clock = createFakeClock();
	leaver.current = new AbortController();
});
afterEach(async () => {
	leaver.current.abort();
	await app.close(0);
	await rm(folder, { recursive: true });
});

type Messages = readonly WatchAccessResponse[];
const allowedIn = ({ answers }: { readonly answers: WatchAccessResponse["answers"] }) =>
	answers.flatMap(({ question, allowed }) => (allowed ? [question?.verb] : []));

/** Follows the answers until the test ends. */
function follow(wire: AccessWire, request: Partial<Omit<WatchAccessRequest, "$typeName">>) {
	const messages: WatchAccessResponse[] = [];
	const seen: { readonly messages: Messages; reason?: string } = { messages };
	const { signal } = leaver.current;
	const read = async () => {
		for await (const message of wire.watchAccess(request, { signal, timeoutMs: 0 })) {
			messages.push(message);
		}
	};
	read().catch((error) => {
		seen.reason = reasonOf(error);
	});
	return seen;
}

describe.each(Object.entries(accessWires))("AccessService by %s", (name, connect) => {
	test("says who calls, and refuses whoever shows no credential or a wrong one", async () => {
		await signedIn();
		const caller = await connect(url, ann).getCaller({});
		expect(caller).toMatchObject({ name: "ann", groups: ["ops", "dev"], method: "api-key" });
		expect(caller.expireTime && timestampMs(caller.expireTime)).toBe(clock.nowMs() + 100_000);
		expect((await connect(url, bob).getCaller({})).expireTime).toBeUndefined();
		for (const key of [undefined, createApiKey()]) {
			const wire = connect(url, key);
			for (const call of [
				wire.getCaller({}),
				wire.checkAccess({}),
				wire.createStreamTicket({ target: "/api/v1/ws" }),
			]) {
				expect(await call.then(() => "ok", reasonOf)).toBe("UNAUTHENTICATED");
			}
			const refused = follow(wire, {});
			await until("the stream is refused", () => refused.reason !== undefined);
			expect([refused.reason, refused.messages]).toEqual(["UNAUTHENTICATED", []]);
		}
	});

	test("answers each question as its call would be, in their order, each with a reason", async () => {
		await signedIn();
		const questions = [
			{ verb: "start", namespace: "team-a", name: "web-1" },
			{ verb: "get", namespace: "team-a", name: "web-1" },
			{ verb: "get", namespace: "team-b" },
			{ verb: "get", name: "web-1" },
			{ verb: "list" },
			{ verb: "delete" },
		];
		const { answers } = await connect(url, ann).checkAccess({ questions });
		expect(answers.map(({ question }) => question)).toMatchObject(questions);
		expect(answers.map(({ allowed }) => allowed)).toEqual([false, true, false, false, true, false]);
		for (const { reason } of answers) expect(reason).not.toBe("");
		const byVerbs = await connect(url, ann).checkAccess({
			...{ verbs: ["get", "stop", "watch"], namespace: "team-a" },
		});
		expect(allowedIn(byVerbs)).toEqual(["get", "watch"]);
		const all = await connect(url, bob).checkAccess({ namespace: "anywhere" });
		expect([all.answers.length, allowedIn(all)]).toEqual([11, ["list", "watch", "get"]]);
	});

	test("refuses what is no question, more than 100 of them, and both ways of asking at once", async () => {
		await signedIn();
		const wire = connect(url, ann);
		const one = { verb: "get" };
		for (const request of [
			{ questions: [{ verb: "patch" }] },
			{ verbs: ["*"] },
			{ questions: Array(101).fill(one) },
			{ questions: [{ verb: "get", namespace: "Team A" }] },
			{ questions: [one], verbs: ["get"] },
			{ questions: [one], namespace: "team-a" },
		]) {
			expect(await wire.checkAccess(request).then(() => "ok", reasonOf)).toBe("INVALID_REQUEST");
			const refused = follow(wire, request as never);
			await until("the stream is refused", () => refused.reason !== undefined);
			expect(refused.reason).toBe("INVALID_REQUEST");
		}
		const hundred = await wire.checkAccess({ questions: Array(100).fill(one) });
		expect(hundred.answers).toHaveLength(100);
	});

	test("tells the answers again when the policy changes, and only then", async () => {
		await signedIn();
		const own = follow(connect(url, ann), { namespace: "team-a" });
		const other = follow(connect(url, bob), { namespace: "team-a" });
		await until("both are told", () => own.messages.length + other.messages.length === 2);
		await replace("policy", policyOf("power"));
		await clock.advance(1_000);
		await until("it changes", () => own.messages.length === 2);
		const buttons = ["start", "stop", "restart", "pause", "resume"];
		expect(own.messages.map(allowedIn)).toEqual([
			["list", "watch", "get"],
			["list", "watch", "get", ...buttons],
		]);
		const [first] = own.messages;
		expect(first?.credentialsExpireTime && timestampMs(first.credentialsExpireTime)).toBe(
			clock.nowMs() - 1_000 + 100_000,
		);
		await clock.advance(15_000);
		await until("all are told that nothing changes", () => other.messages.length === 2);
		expect(other.messages.map(({ type }) => type)).toEqual([Type.ANSWERS, Type.HEARTBEAT]);
		expect([own.reason, other.reason]).toEqual([undefined, undefined]);
	});

	test("ends its streams when the key is revoked, and when its time comes: a last HEARTBEAT, then why", async () => {
		await signedIn();
		const own = follow(connect(url, ann), {});
		const other = follow(connect(url, bob), {});
		await until("both are told", () => own.messages.length + other.messages.length === 2);
		await replace("keys", lineOf(ann, clock.nowMs() + 8_000));
		await clock.advance(1_000);
		await until("both have ended", () => own.reason !== undefined && other.reason !== undefined);
		// Another end makes other credentials of the same key.
		expect([own.reason, other.reason]).toEqual(["TOKEN_EXPIRED", "UNAUTHENTICATED"]);
		const again = follow(connect(url, ann), {});
		await until("it is told", () => again.messages.length === 1);
		await clock.advance(7_000);
		await until("it has ended", () => again.reason !== undefined);
		expect(again.reason).toBe("TOKEN_EXPIRED");
		for (const { messages } of [own, other, again]) {
			expect(messages.at(-1)?.type).toBe(Type.HEARTBEAT);
		}
	});

	test("where nobody is asked who calls, says so: anonymous, and everything is allowed", async () => {
		await start();
		const wire = connect(url, undefined);
		expect(await wire.getCaller({})).toMatchObject({ name: "anonymous", method: "none" });
		const { answers } = await wire.checkAccess({});
		expect(answers.map(({ allowed }) => allowed)).toEqual(Array(11).fill(true));
		const stream = follow(wire, { verbs: ["delete"] });
		await until("it is told", () => stream.messages.length === 1);
		expect(stream.messages.map(allowedIn)).toEqual([["delete"]]);
		const { ticket } = await wire.createStreamTicket({ target: "/api/v1/access/watch" });
		expect(ticket).toMatch(/^wt_/);
		const closing = app.close();
		await until("it has ended", () => stream.reason !== undefined);
		expect([stream.reason, name]).toEqual(["SHUTTING_DOWN", name]);
		await closing;
	});
});

test("without a policy whoever signs in may do everything, and is told so", async () => {
	await replace("keys", lineOf(bob));
	await start(`--auth-tokens-file=${folder}/keys`);
	const wire = (accessWires.gRPC as (typeof accessWires)[string])(url, bob);
	const { answers } = await wire.checkAccess({ verbs: ["delete"] });
	expect(answers).toMatchObject([{ allowed: true, reason: expect.stringContaining("no policy") }]);
});

test("its streams count among those that may be open, and in the gauge", async () => {
	await start("--max-watch-streams=2");
	const wire = (accessWires.gRPC as (typeof accessWires)[string])(url, undefined);
	const open = [follow(wire, {}), follow(wire, {})];
	await until("two are open", () => open.every(({ messages }) => messages.length === 1));
	const third = follow(wire, {});
	await until("the third is refused", () => third.reason !== undefined);
	expect(third.reason).toBe("TOO_MANY_REQUESTS");
	const watch = await fetch(`${url}/api/v1/wukongs:watch`);
	expect(watch.status).toBe(429);
	const gauge = async () => /^wukong_watch_streams (\d+)$/m.exec(await metrics())?.[1];
	const metrics = async () => (await fetch(`${url}/metrics`)).text();
	expect(await gauge()).toBe("2");
	leaver.current.abort();
	// The test's own ceiling ends it.
	while ((await gauge()) !== "0") await new Promise<void>((resolve) => setImmediate(resolve));
});
