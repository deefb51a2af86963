import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Question, Verb } from "../../../../server/src/auth/authorizer.ts";
import { createRightsGuards } from "../../../../server/src/auth/rights-guards.ts";
import { ErrorReason, Failure, reasonName } from "../../../../server/src/failure.ts";
import { principalOf } from "../../../support/fake-authorizer.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import {
	createFakeClusterRights,
	type FakeClusterRights,
} from "../../../support/fake-cluster-rights.ts";

const ann = principalOf("ann", "dev");
const outage = new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "words of ours");

let clock: FakeClock;
let cluster: FakeClusterRights;

beforeEach(() => {
	clock = createFakeClock();
	cluster = createFakeClusterRights(clock);
});
afterEach(() => cluster.authorizer.stop());

const questionOf = (verb: Verb, namespace = "a", name = ""): Question => ({
	verb,
	namespace,
	name,
});

/** Whether it is allowed, or why nobody can tell. */
async function may(verb: Verb, namespace = "a", name = "", who = ann): Promise<boolean | string> {
	try {
		return (await cluster.authorizer.decide(who, questionOf(verb, namespace, name))).allowed;
	} catch (error) {
		if (error instanceof Failure) return reasonName(error.reason);
		throw error;
	}
}

async function readable(who = ann): Promise<readonly string[] | "all"> {
	const found = await cluster.authorizer.namespacesOf(who, "list");
	return found === "" ? "all" : found.names;
}

/** Follows a right as an open stream does. */
function follow(verb: Verb, namespace: string, who = ann): { ended: string[]; leave: () => void } {
	const guards = createRightsGuards(cluster.authorizer);
	const ended: string[] = [];
	const leave = guards
		.guardOf(who, questionOf(verb, namespace))
		.onEnd(({ reason }) => void ended.push(reasonName(reason)));
	return { ended, leave };
}

function followAll(who = ann): { told: string[]; ended: string[]; leave: () => void } {
	const guard = createRightsGuards(cluster.authorizer).guardOfAll(who, "list");
	const [told, ended]: [string[], string[]] = [[], []];
	const leaves = [
		guard.onEnd(({ reason }) => void ended.push(reasonName(reason))),
		guard.onNamespaces?.((namespaces) => {
			told.push(typeof namespaces === "string" ? "all" : namespaces.names.join());
		}),
	];
	const leave = () => {
		for (const one of leaves) one?.();
	};
	return { told, ended, leave };
}

describe("one decision", () => {
	test.each(["list", "watch", "get", "create", "update", "delete"] as const)(
		"%s is that verb on wukongs, for the namespace first",
		async (verb) => {
			expect(await may(verb, "a", "web")).toBe(false);
			expect(cluster.asked[0]).toBe(`ann ${verb} wukongs a`);
			cluster.allowed.add(`ann ${verb} wukongs b`);
			expect(await may(verb, "b", "web")).toBe(true);
		},
	);

	test.each(["start", "stop", "restart", "pause", "resume"] as const)(
		"%s is update on wukongs or on wukongs/power",
		async (verb) => {
			cluster.allowed.add("ann update wukongs a").add("ann update wukongs/power b");
			expect([await may(verb, "a"), await may(verb, "b"), await may(verb, "c")]).toEqual([
				...[true, true, false],
			]);
			expect(await may("update", "b")).toBe(false);
		},
	);

	test("update is patch, too", async () => {
		cluster.allowed.add("ann patch wukongs a");
		expect(await may("update")).toBe(true);
	});

	test("a right to one object holds for it alone", async () => {
		cluster.allowed.add("ann get wukongs a/web");
		expect([
			await may("get", "a", "web"),
			await may("get", "a", "db"),
			await may("get", "a"),
		]).toEqual([true, false, false]);
	});

	test("where writes are the caller's own, power does not suffice, the reason says so, and KubeVirt has a say", async () => {
		cluster.authorizer.stop();
		cluster = createFakeClusterRights(clock, { writesAs: "caller" });
		cluster.allowed.add("ann update wukongs/power a").add("ann update wukongs b");
		const { allowed, reason } = await cluster.authorizer.decide(ann, questionOf("start"));
		expect([allowed, reason]).toEqual([
			false,
			expect.stringContaining("wukongs/power is not enough"),
		]);
		expect([await may("start", "b"), await may("restart", "b")]).toEqual([true, false]);
		cluster.allowed.add("ann update virtualmachines/restart c").add("ann update wukongs c");
		expect(await may("restart", "c")).toBe(true);
	});
});

describe("what is known", () => {
	test("is answered at once: a yes for 30 s, a no for 5 s", async () => {
		cluster.allowed.add("ann get wukongs a");
		expect([await may("get"), await may("list")]).toEqual([true, false]);
		const count = cluster.asked.length;
		await clock.advance(4_999);
		expect(cluster.authorizer.decide(ann, questionOf("get"))).not.toBeInstanceOf(Promise);
		expect(cluster.authorizer.decide(ann, questionOf("list"))).not.toBeInstanceOf(Promise);
		await clock.advance(1);
		expect(cluster.authorizer.decide(ann, questionOf("list"))).toBeInstanceOf(Promise);
		await clock.advance(24_999);
		expect(cluster.authorizer.decide(ann, questionOf("get"))).not.toBeInstanceOf(Promise);
		await clock.advance(1);
		cluster.allowed.clear();
		expect(await may("get")).toBe(false);
		expect(cluster.asked.length).toBe(count + 2);
	});

	test("is shared by equal principals, and equal questions at one time are one review", async () => {
		cluster.allowed.add("ann get wukongs a");
		const answers = Array.from({ length: 100 }, () =>
			may("get", "a", "", principalOf("ann", "dev")),
		);
		expect(new Set(await Promise.all(answers))).toEqual(new Set([true]));
		expect(cluster.asked.length).toBe(1);
		await may("get", "a", "", principalOf("ann"));
		expect(cluster.asked.length).toBe(2);
	});

	test("holds its time while the API server is out of reach, then it is UPSTREAM_UNAVAILABLE and never a yes", async () => {
		cluster.allowed.add("ann get wukongs *");
		expect(await may("get")).toBe(true);
		cluster.outage = outage;
		expect([await may("get"), await may("get", "b")]).toEqual([true, "UPSTREAM_UNAVAILABLE"]);
		expect(cluster.authorizer.trouble()).toContain("words of ours");
		await clock.advance(30_000);
		expect(await may("get")).toBe("UPSTREAM_UNAVAILABLE");
		cluster.outage = undefined;
		expect(await may("get")).toBe(true);
		expect(cluster.authorizer.trouble()).toBeUndefined();
	});

	test("takes a bounded memory, whatever is asked", async () => {
		cluster.authorizer.stop();
		cluster = createFakeClusterRights(clock, { maxReviewsPerSecond: 10_000 });
		for (let count = 0; count < 1_000; count++) {
			const who = principalOf(`ann-${count}`, "g".repeat(20_000));
			await may("get", "a", "", who);
		}
		// The first ones are forgotten, the last one is not.
		const before = cluster.asked.length;
		await may("get", "a", "", principalOf("ann-999", "g".repeat(20_000)));
		expect(cluster.asked.length).toBe(before);
		await may("get", "a", "", principalOf("ann-0", "g".repeat(20_000)));
		expect(cluster.asked.length).toBe(before + 1);
	});
});

describe("an empty namespace", () => {
	test("is one question for the whole cluster, and then one for each namespace that there are VMs in", async () => {
		for (const namespace of ["a", "b", "c"]) cluster.appear(namespace);
		cluster.allowed.add("ann list wukongs a").add("ann list wukongs c");
		expect(await readable()).toEqual(["a", "c"]);
		expect(cluster.asked).toEqual([
			...["ann list wukongs", "ann list wukongs a", "ann list wukongs b", "ann list wukongs c"],
		]);
		expect(cluster.authorizer.namespacesOf(ann, "list")).not.toBeInstanceOf(Promise);
		cluster.appear("d");
		expect(await readable()).toEqual(["a", "c"]);
		expect(cluster.asked.length).toBe(5);
		cluster.allowed.add("ben list wukongs");
		expect(await readable(principalOf("ben"))).toBe("all");
	});

	test("is the one that is served where there is one", async () => {
		cluster.authorizer.stop();
		cluster = createFakeClusterRights(clock, { served: "a" });
		expect(await readable()).toEqual([]);
		cluster.allowed.add("ann list wukongs a");
		await clock.advance(5_000);
		expect(await readable()).toBe("all");
	});

	test("an open stream is told of a namespace that it may read as soon as there are VMs in it", async () => {
		cluster.appear("a");
		cluster.allowed.add("ann list wukongs a").add("ann list wukongs b");
		const { told, leave } = followAll();
		await clock.advance(0);
		cluster.appear("b");
		cluster.appear("c");
		await clock.advance(0);
		expect(told).toEqual(["a", "a,b"]);
		leave();
	});
});

describe("the rate", () => {
	test("1,000 who ask at once cost no more reviews in any second than are allowed, and all are answered", async () => {
		cluster.allowed.add("ann get wukongs *");
		const times: number[] = [];
		const { push } = cluster.asked;
		cluster.asked.push = (...texts) => {
			times.push(clock.monotonicMs());
			return push.apply(cluster.asked, texts);
		};
		const leaves = Array.from({ length: 1_000 }, (_, index) =>
			follow("get", "a", principalOf(`ann-${index}`)),
		);
		for (let second = 0; second < 60; second++) await clock.advance(1_000);
		expect(times.length).toBeGreaterThanOrEqual(1_000);
		for (const [index, time] of times.entries()) {
			const later = times[index + 100];
			if (later !== undefined) expect(later - time).toBeGreaterThanOrEqual(1_000);
		}
		expect(leaves.every(({ ended }) => ended[0] === "PERMISSION_DENIED")).toBe(true);
		for (const { leave } of leaves) leave();
	});

	test("who asks much does not keep others from their turn; who waits too long is told TOO_MANY_REQUESTS", async () => {
		cluster.allowed.add("ben get wukongs a");
		const many = Array.from({ length: 3_000 }, (_, index) => may("get", `n-${index}`));
		const one = may("get", "a", "", principalOf("ben"));
		for (let at = 0; at < 11; at++) await clock.advance(1_000);
		expect(await one).toBe(true);
		expect(cluster.asked.indexOf("ben get wukongs a")).toBeLessThan(110);
		const answers = await Promise.all(many);
		expect(answers.filter((answer) => answer === "TOO_MANY_REQUESTS").length).toBeGreaterThan(
			1_000,
		);
	});
});

describe("when rights change", () => {
	beforeEach(() => {
		cluster.allowed.add("ann watch wukongs a");
	});

	test("what is known is dropped, and asked for at once, after 1 s and after 5 s; a late API server ends a stream within 6 s", async () => {
		const { ended, leave } = follow("watch", "a");
		await clock.advance(10_000);
		cluster.asked.length = 0;
		cluster.authorizer.rightsChanged();
		await clock.advance(0);
		expect(cluster.asked.length).toBe(1);
		await clock.advance(1_000);
		expect(cluster.asked.length).toBe(2);
		await clock.advance(2_000);
		cluster.allowed.clear();
		await clock.advance(1_999);
		expect([cluster.asked.length, ended]).toEqual([2, []]);
		await clock.advance(1);
		expect([cluster.asked.length, ended]).toEqual([3, ["PERMISSION_DENIED"]]);
		leave();
	});

	test("an answer of the next 5 s is kept for 1 s", async () => {
		cluster.authorizer.rightsChanged();
		await clock.advance(2_000);
		expect(await may("watch")).toBe(true);
		await clock.advance(999);
		expect(cluster.authorizer.decide(ann, questionOf("watch"))).not.toBeInstanceOf(Promise);
		await clock.advance(1);
		expect(cluster.authorizer.decide(ann, questionOf("watch"))).toBeInstanceOf(Promise);
	});

	test("a yes that was asked for before the change and comes after it is not remembered", async () => {
		cluster.hold();
		const asked = may("watch");
		await clock.advance(0);
		cluster.allowed.clear();
		cluster.authorizer.rightsChanged();
		cluster.release();
		await asked;
		expect(await may("watch")).toBe(false);
		expect(cluster.asked.length).toBe(2);
	});

	test("many changes at one time are one, and the last one is followed, too", async () => {
		const { leave } = follow("watch", "a");
		await clock.advance(0);
		cluster.asked.length = 0;
		for (let count = 0; count < 50; count++) cluster.authorizer.rightsChanged();
		await clock.advance(200);
		expect(cluster.asked.length).toBe(2);
		leave();
	});

	test("a stream over several namespaces goes on with those that are left, and ends where none is", async () => {
		for (const namespace of ["a", "b"]) cluster.appear(namespace);
		cluster.allowed.add("ann list wukongs a").add("ann list wukongs b");
		const { told, ended, leave } = followAll();
		await clock.advance(10_000);
		cluster.allowed.delete("ann list wukongs a");
		cluster.authorizer.rightsChanged();
		await clock.advance(0);
		expect([told, ended]).toEqual([["a,b", "b"], []]);
		cluster.allowed.clear();
		cluster.authorizer.rightsChanged();
		await clock.advance(6_000);
		expect(new Set(ended)).toEqual(new Set(["PERMISSION_DENIED"]));
		leave();
	});

	test("by time alone a stream ends within 30 s, also one that began with an old answer", async () => {
		expect(await may("watch")).toBe(true);
		cluster.allowed.clear();
		await clock.advance(25_000);
		const { ended, leave } = follow("watch", "a");
		await clock.advance(4_999);
		expect(ended).toEqual(["PERMISSION_DENIED"]);
		leave();
	});

	test("an outage ends a stream when its answer is too old, and not before; a short one does not", async () => {
		const { ended, leave } = follow("watch", "a");
		await clock.advance(19_000);
		cluster.outage = outage;
		await clock.advance(10_000);
		cluster.outage = undefined;
		await clock.advance(20_000);
		expect(ended).toEqual([]);
		cluster.outage = outage;
		await clock.advance(31_000);
		expect(ended).toEqual(["UPSTREAM_UNAVAILABLE"]);
		leave();
	});

	test("a change that meets an outage ends a stream only if that lasts", async () => {
		const { ended, leave } = follow("watch", "a");
		await clock.advance(0);
		cluster.outage = outage;
		cluster.authorizer.rightsChanged();
		await clock.advance(2_000);
		expect(ended).toEqual([]);
		cluster.outage = undefined;
		await clock.advance(10_000);
		expect(ended).toEqual([]);
		leave();
	});
});
