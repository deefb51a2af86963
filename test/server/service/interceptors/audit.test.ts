import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, onTestFinished, test } from "vitest";
import { permissionDenied } from "../../../../server/src/auth/authorizer.ts";
import { notValid } from "../../../../server/src/auth/failures.ts";
import { callContextKey, principalKey } from "../../../../server/src/rpc/call/call-context.ts";
import {
	type AuditRecord,
	createAuditInterceptor,
} from "../../../../server/src/service/interceptors/audit.ts";
import { createCallInterceptor } from "../../../../server/src/service/interceptors/calls.ts";
import { createValidateInterceptor } from "../../../../server/src/service/interceptors/validate.ts";
import { wukongRules } from "../../../../server/src/service/wukong/wukong-rights.ts";
import { principalOf } from "../../../support/fake-authorizer.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { startApp } from "../../../support/running-app.ts";

const secret = "planted-5ecret";

function stage() {
	const lines: AuditRecord[] = [];
	const mood = { isOpen: true, refusal: undefined as Error | undefined, calls: 0 };
	const clock = createFakeClock();
	const context: Interceptor = (next) => (request) => {
		request.contextValues.set(callContextKey, {
			...{ requestId: "r1", protocol: "connect", httpVersion: "2.0", secure: true },
			peer: { address: "10.0.0.1", port: 1, secure: true, certificate: undefined },
			address: "10.0.0.9",
		});
		return next(request);
	};
	const authenticate: Interceptor = (next) => (request) => {
		if (mood.refusal !== undefined) throw mood.refusal;
		request.contextValues.set(principalKey, principalOf("ann", "ops"));
		return next(request);
	};
	const answer = ({ name = "", namespace = "" }: Partial<Wukong> = {}) => {
		mood.calls++;
		return {
			wukong: create(WukongSchema, { name, namespace: namespace || "default", uid: "uid-1" }),
		};
	};
	const transport = createRouterTransport(
		({ service }) => {
			service(WukongService, {
				createWukong: ({ wukong }) => answer(wukong),
				updateWukong: ({ wukong }) => answer(wukong),
				deleteWukong: (request) => answer({ name: request.name }),
				startWukong: (request) => {
					if (request.name === "denied") {
						throw permissionDenied({ verb: "start", namespace: "default", name: "denied" });
					}
					return answer({ name: request.name });
				},
				getWukong: (request) => answer({ name: request.name }),
				async *watchWukong() {
					yield { type: EventType.SYNCED };
					throw permissionDenied({ verb: "watch", namespace: "a", name: "" });
				},
			});
		},
		{
			router: {
				interceptors: [
					context,
					createCallInterceptor({
						observers: [],
						contextOf: () => ({ requestId: "r1", protocol: "connect" }),
						clock,
					}),
					createAuditInterceptor({
						trail: {
							write: (record) => void lines.push(record),
							get isOpen() {
								return mood.isOpen;
							},
						},
						rules: new Map([[WukongService, wukongRules]]),
						clock,
					}),
					authenticate,
					createValidateInterceptor("default"),
				],
			},
		},
	);
	return { client: createClient(WukongService, transport), lines, mood, clock };
}

const caller = {
	...{ requestId: "r1", address: "10.0.0.9", protocol: "connect" },
	...{ principal: "ann", groups: ["ops"], proof: "key" },
};

describe("the audit log has a line", () => {
	test("for each call that changes something: who, what, which fields, and none of their values", async () => {
		const { client, lines, clock } = stage();
		const spec = {
			cpu: 2,
			memory: "4Gi",
			disks: [{ name: "root", size: "20Gi" }],
			cloudInitUser: { name: secret, password: secret },
		};
		await client.createWukong({ wukong: { name: "vm", labels: { [secret]: secret }, spec } });
		await client.updateWukong({
			wukong: { name: "vm", namespace: "a", annotations: { note: secret } },
			updateMask: { paths: ["annotations", "spec.cpu"] },
		});
		await client.startWukong({ name: "vm", validateOnly: true });
		await client.deleteWukong({ name: "vm", uid: "uid-1" });
		const time = new Date(clock.nowMs()).toISOString();
		const done = { time, ...caller, name: "vm", uid: "uid-1", outcome: "done" };
		expect(lines).toEqual([
			{
				...{ ...done, method: "CreateWukong", verb: "create", namespace: "default" },
				fields: [
					...["spec.cpu", "spec.memory", "spec.disks"],
					...["spec.cloud_init_user.name", "spec.cloud_init_user.password", "labels"],
				],
			},
			{
				...{ ...done, method: "UpdateWukong", verb: "update", namespace: "a" },
				fields: ["annotations", "spec.cpu"],
			},
			{
				...{ ...done, method: "StartWukong", verb: "start", namespace: "default" },
				validateOnly: true,
			},
			{ ...done, method: "DeleteWukong", verb: "delete", namespace: "default" },
		]);
		expect(JSON.stringify(lines)).not.toContain(secret);
	});

	test("for one that fails, with its reason, and for one that is refused", async () => {
		const { client, lines } = stage();
		await client.createWukong({ wukong: { name: "No Name" } }).catch(() => {});
		await client.startWukong({ name: "denied" }).catch(() => {});
		expect(lines).toMatchObject([
			{
				method: "CreateWukong",
				outcome: "failed",
				code: "InvalidArgument",
				reason: "INVALID_WUKONG",
			},
			{
				...{ ...caller, method: "StartWukong", namespace: "default", name: "denied" },
				...{ outcome: "refused", code: "PermissionDenied", reason: "PERMISSION_DENIED" },
			},
		]);
	});

	test("for a read that is refused, also in the middle of a stream, and for no other read", async () => {
		const { client, lines, mood } = stage();
		await client.getWukong({ name: "vm" });
		expect(lines).toEqual([]);
		const events: unknown[] = [];
		await (async () => {
			for await (const event of client.watchWukong({ namespace: "a" })) events.push(event);
		})().catch(() => {});
		expect([events.length, lines]).toMatchObject([
			1,
			[{ ...caller, method: "WatchWukong", verb: "watch", outcome: "refused" }],
		]);
		mood.refusal = notValid();
		await client.getWukong({ name: "vm" }).catch(() => {});
		expect(lines[1]).toMatchObject({ method: "GetWukong", reason: "UNAUTHENTICATED" });
		expect(lines[1]).not.toHaveProperty("principal");
	});
});

test("where lines are required and cannot be written, a change is UPSTREAM_UNAVAILABLE and not made; reads go on", async () => {
	const { client, lines, mood } = stage();
	mood.isOpen = false;
	const error = await client.deleteWukong({ name: "vm" }).catch((reason: unknown) => reason);
	expect(String(error)).toMatch(/the audit log cannot be written, so nothing is changed/);
	expect([mood.calls, lines.length]).toEqual([0, 1]);
	await client.getWukong({ name: "vm" });
	expect(mood.calls).toBe(1);
});

describe("--audit-log", () => {
	test("is written by a running service, whatever the protocol", async () => {
		const folder = await mkdtemp(join(tmpdir(), "audit-"));
		onTestFinished(() => rm(folder, { recursive: true }));
		const file = join(folder, "audit.log");
		const app = await startApp("--audit-log", file, "--audit-required");
		const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };
		const post = (path: string, body: unknown) =>
			fetch(`${app.url}${path}`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(body),
			});
		await post("/novasphere.v1.WukongService/CreateWukong", { wukong: { name: "vm", spec } });
		await post("/api/v1/wukongs/vm:stop", {});
		await app.close();
		const lines = (await readFile(file, "utf8")).trim().split("\n");
		expect(lines.map((line) => JSON.parse(line) as AuditRecord)).toMatchObject([
			{ method: "CreateWukong", protocol: "connect", name: "vm", outcome: "done" },
			{ method: "StopWukong", protocol: "rest", address: "127.0.0.1", outcome: "done" },
		]);
	});

	test("that cannot be written ends the start", async () => {
		await expect(startApp("--audit-log", "/nowhere/audit.log")).rejects.toThrow(
			"--audit-log /nowhere/audit.log cannot be written: ENOENT",
		);
	});
});
