import { ErrorReason } from "@novasphere/wukong-gen/error";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Verb } from "../../../../server/src/auth/authorizer.ts";
import { Failure } from "../../../../server/src/failure.ts";
import { createNamespaceSet } from "../../../../server/src/resource/namespace-set.ts";
import { createFakeAuthorizer, principalOf } from "../../../support/fake-authorizer.ts";
import { failureOf, type Service, smallSpec, startService } from "../wukong/service-harness.ts";

const authorizer = () => createFakeAuthorizer();
let rights: ReturnType<typeof authorizer>;
let service: Service;

beforeEach(async () => {
	rights = authorizer();
	service = await startService({
		rights: { authorizer: rights, principal: () => principalOf("ann") },
	});
	rights.allow("ann", "");
	for (const namespace of ["a", "b", "c"]) {
		await service.client.createWukong({
			wukong: { name: `vm-${namespace}`, namespace, spec: smallSpec },
		});
	}
	await service.settle();
	service.lookUps.length = 0;
	rights.asked.length = 0;
});
afterEach(() => service.close());

type Client = Service["client"];
const one = (namespace: string, name: string) => ({ namespace, name });

/** A call of each method that is about one VM, and its question. */
const calls: readonly (readonly [
	verb: Verb,
	call: (client: Client, namespace: string) => Promise<unknown>,
])[] = [
	["get", (client, namespace) => client.getWukong(one(namespace, "vm-b"))],
	[
		"create",
		(client, namespace) =>
			client.createWukong({ wukong: { name: "vm-b", namespace, spec: smallSpec } }),
	],
	[
		"update",
		(client, namespace) =>
			client.updateWukong({ wukong: { name: "vm-b", namespace, labels: { a: "b" } } }),
	],
	["delete", (client, namespace) => client.deleteWukong(one(namespace, "vm-b"))],
	["start", (client, namespace) => client.startWukong(one(namespace, "vm-b"))],
	["stop", (client, namespace) => client.stopWukong(one(namespace, "vm-b"))],
	["restart", (client, namespace) => client.restartWukong(one(namespace, "vm-b"))],
	["pause", (client, namespace) => client.pauseWukong(one(namespace, "vm-b"))],
	["resume", (client, namespace) => client.resumeWukong(one(namespace, "vm-b"))],
	["get", (client, namespace) => client.waitWukong({ ...one(namespace, "vm-b"), deleted: true })],
	["list", (client, namespace) => client.listWukongs({ namespace })],
	["watch", (client, namespace) => readOne(client.watchWukong({ namespace }))],
	["watch", (client, namespace) => readOne(client.watchWukong(one(namespace, "vm-b")))],
];

async function readOne(events: AsyncIterable<WukongEvent>): Promise<WukongEvent> {
	for await (const event of events) return event;
	throw new Error("the stream ended");
}

describe("a call that is not allowed", () => {
	test.each(calls)(
		"to %s is PERMISSION_DENIED before anything is looked up",
		async (verb, call) => {
			rights.allow("ann", ["a"]);
			for (const mood of [undefined, "late"] as const) {
				rights.become(mood);
				service.lookUps.length = 0;
				const told = await failureOf(call(service.client, "b"));
				expect(told).toMatchObject({ code: "PermissionDenied", reason: "PERMISSION_DENIED" });
				expect(service.lookUps).toEqual([]);
			}
			expect(rights.asked.every((question) => question.verb === verb)).toBe(true);
			expect(rights.asked[0]?.namespace).toBe("b");
		},
	);

	test.each(calls)(
		"to %s says the same of a namespace that is there and of one that is not",
		async (_, call) => {
			rights.allow("ann", ["a"]);
			const wordsOf = async (namespace: string) => {
				const error = await call(service.client, namespace).then(
					() => "no failure",
					({ rawMessage, code }: { rawMessage: string; code: number }) => `${code} ${rawMessage}`,
				);
				return error.replaceAll(namespace, "it");
			};
			expect(await wordsOf("bb")).toBe((await wordsOf("b")).replaceAll("bb", "it"));
			expect(await wordsOf("nowhere")).toBe(await wordsOf("b"));
		},
	);

	test.each(calls)(
		"to %s where nobody can tell is UPSTREAM_UNAVAILABLE, never a yes",
		async (_, call) => {
			rights.become(new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "nobody can tell"));
			const told = await failureOf(call(service.client, "b"));
			expect(told).toMatchObject({ code: "Unavailable", reason: "UPSTREAM_UNAVAILABLE" });
			expect(service.lookUps).toEqual([]);
		},
	);
});

test("a call asks once, an empty namespace is the default one", async () => {
	await service.client.getWukong(one("b", "vm-b"));
	await service.client.getWukong({ name: "vm-x" }).catch(() => {});
	expect(rights.asked).toEqual([
		{ verb: "get", namespace: "b", name: "vm-b", principal: "ann" },
		{ verb: "get", namespace: "default", name: "vm-x", principal: "ann" },
	]);
});

describe("contract section 5: an empty namespace means those that the caller may read", () => {
	test("in a list", async () => {
		rights.allow("ann", ["c", "a"]);
		const listed = await service.client.listWukongs({});
		expect(listed.wukongs.map(({ name }) => name)).toEqual(["vm-a", "vm-c"]);
		expect(listed.resourceVersion.endsWith(createNamespaceSet(["a", "c"]).suffix)).toBe(true);
		const again = await service.client.listWukongs({ minResourceVersion: listed.resourceVersion });
		expect(again.resourceVersion).toBe(listed.resourceVersion);
	});

	test("in a watch", async () => {
		rights.allow("ann", ["c", "a"]);
		const names: string[] = [];
		for await (const { type, wukong } of service.client.watchWukong({})) {
			if (type === EventType.SYNCED) break;
			names.push(wukong?.name ?? "");
		}
		expect(names).toEqual(["vm-a", "vm-c"]);
	});

	test("and where there is none it is PERMISSION_DENIED", async () => {
		rights.allow("ann", []);
		for (const call of [service.client.listWukongs({}), readOne(service.client.watchWukong({}))]) {
			expect((await failureOf(call)).reason).toBe("PERMISSION_DENIED");
		}
		expect(service.lookUps).toEqual([]);
	});

	test("for each page: a token of other rights is PAGE_TOKEN_EXPIRED", async () => {
		rights.allow("ann", ["c", "a"]);
		const first = await service.client.listWukongs({ pageSize: 1 });
		const next = { pageSize: 1, pageToken: first.nextPageToken };
		expect((await service.client.listWukongs(next)).wukongs[0]?.name).toBe("vm-c");
		rights.allow("ann", ["a", "b"]);
		expect((await failureOf(service.client.listWukongs(next))).reason).toBe("PAGE_TOKEN_EXPIRED");
		rights.allow("ann", "");
		expect((await failureOf(service.client.listWukongs(next))).reason).toBe("PAGE_TOKEN_EXPIRED");
		rights.allow("ann", ["a", "c"]);
		expect((await service.client.listWukongs(next)).wukongs[0]?.name).toBe("vm-c");
	});
});

describe("what is open follows the rights", () => {
	test("a wait ends with PERMISSION_DENIED when the right goes", async () => {
		const wait = failureOf(service.client.waitWukong({ ...one("b", "vm-b"), deleted: true }));
		await service.clock.advance(0);
		rights.allow("ann", ["a"]);
		expect((await wait).reason).toBe("PERMISSION_DENIED");
		expect(rights.listeners).toBe(0);
	});

	test("a stream of one namespace ends with PERMISSION_DENIED, after a last HEARTBEAT", async () => {
		const events = service.client.watchWukong({ namespace: "b" })[Symbol.asyncIterator]();
		const next = async () => EventType[(await events.next()).value?.type ?? 0];
		expect([await next(), await next()]).toEqual(["ADDED", "SYNCED"]);
		rights.allow("ann", ["a"]);
		expect(await next()).toBe("HEARTBEAT");
		expect((await failureOf(events.next())).reason).toBe("PERMISSION_DENIED");
		expect(rights.listeners).toBe(0);
	});

	test("a stream over several namespaces is RESET and goes on; without any it ends", async () => {
		rights.allow("ann", ["a", "b"]);
		const events = service.client.watchWukong({})[Symbol.asyncIterator]();
		const next = async () => {
			const { value } = await events.next();
			return `${EventType[value?.type ?? 0]} ${value?.wukong?.name ?? ""}`.trim();
		};
		const take = async (count: number) => {
			const taken: string[] = [];
			while (taken.length < count) taken.push(await next());
			return taken;
		};
		expect(await take(3)).toEqual(["ADDED vm-a", "ADDED vm-b", "SYNCED"]);
		rights.allow("ann", ["b"]);
		expect(await take(3)).toEqual(["RESET", "ADDED vm-b", "SYNCED"]);
		rights.become("late");
		rights.allow("ann", ["b", "c"]);
		await service.clock.advance(0);
		expect(await take(4)).toEqual(["RESET", "ADDED vm-b", "ADDED vm-c", "SYNCED"]);
		rights.allow("ann", []);
		expect(await next()).toBe("HEARTBEAT");
		expect((await failureOf(events.next())).reason).toBe("PERMISSION_DENIED");
		expect(rights.listeners).toBe(0);
	});

	test("where nobody can tell any more, a stream ends with UPSTREAM_UNAVAILABLE", async () => {
		rights.allow("ann", ["a", "b"]);
		for (const request of [{}, { namespace: "a" }]) {
			rights.become(undefined);
			const events = service.client.watchWukong(request)[Symbol.asyncIterator]();
			await events.next();
			rights.become(new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "nobody can tell"));
			const rest = (async () => {
				while (!(await events.next()).done);
			})();
			expect((await failureOf(rest)).reason).toBe("UPSTREAM_UNAVAILABLE");
		}
	});

	test("of answers that come late that of the last question counts", async () => {
		rights.allow("ann", ["a", "b"]);
		const events = service.client.watchWukong({ namespace: "a" })[Symbol.asyncIterator]();
		for (const type of ["ADDED", "SYNCED"]) {
			expect(EventType[(await events.next()).value?.type ?? 0]).toBe(type);
		}
		rights.become("late");
		rights.allow("ann", []);
		rights.allow("ann", ["a"]);
		await service.clock.advance(15_000);
		expect(EventType[(await events.next()).value?.type ?? 0]).toBe("HEARTBEAT");
		await service.clock.advance(15_000);
		expect(EventType[(await events.next()).value?.type ?? 0]).toBe("HEARTBEAT");
		await events.return?.();
	});
});
