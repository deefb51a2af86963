import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, expect, test } from "vitest";
import { Failure } from "../../../../../server/src/failure.ts";
import { defaultStuckRules } from "../../../../../server/src/resource/wukong/power/power-times.ts";
import { createClusterFeed } from "../../../../../server/src/store/kubernetes/joined/cluster-feed.ts";
import { defaultReflectorTimings } from "../../../../../server/src/store/kubernetes/reflector-timings.ts";
import { UpstreamError } from "../../../../../server/src/store/kubernetes/upstream-error.ts";
import { createFakeClock } from "../../../../support/fake-clock.ts";
import { silentUpstream } from "../../../../support/silent-upstream.ts";
import { createRecordingSink } from "../../recording-sink.ts";
import { rawNamed } from "../raw.ts";
import { createScriptedUpstream } from "../scripted-upstream.ts";
import { rawVm, rawVmi } from "./raw-kubevirt.ts";

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
	await close?.();
	close = undefined;
});

/** A feed before three scripted resources; each is asked for by its plural. */
function createStage(isServed: (plural: string) => boolean) {
	const upstreams = {
		wukongs: createScriptedUpstream(),
		virtualmachines: createScriptedUpstream(),
		virtualmachineinstances: createScriptedUpstream(),
	};
	upstreams.wukongs.state = { version: 100, objects: [rawNamed("a", { version: 90 })] };
	upstreams.virtualmachines.state = {
		version: 200,
		objects: [rawVm("a-vm", 190, { owner: "uid-a", status: { printableStatus: "Running" } })],
	};
	upstreams.virtualmachineinstances.state = {
		version: 300,
		objects: [rawVmi("a-vm", 290, { owner: "VirtualMachine-a-vm" })],
	};
	const clock = createFakeClock();
	const sink = createRecordingSink();
	const silent = () => {};
	let isStarted = false;
	const feed = createClusterFeed({
		upstream: upstreams.wukongs,
		optional: {
			isServed: async ({ plural }) => isServed(plural),
			upstreamOf: ({ plural }) => upstreams[plural as keyof typeof upstreams],
		},
		sink,
		stuckRules: defaultStuckRules,
		clock,
		random: () => 0.5,
		timings: { ...defaultReflectorTimings, historyVersions: 0n },
		observer: silentUpstream,
		onPassed: silent,
	});
	close = () => feed.close(new Failure(ErrorReason.SHUTTING_DOWN, "closed"));
	const settle = async (ms = 0) => {
		await clock.advance(ms);
		for (let turn = 0; turn < 10; turn++) await clock.advance(0);
	};
	return {
		...{ upstreams, clock, sink, feed, settle },
		async start() {
			feed.start().then(
				() => {
					isStarted = true;
				},
				() => {},
			);
			await settle();
		},
		get isStarted() {
			return isStarted;
		},
		get version() {
			return sink.objects.get("default/a")?.resourceVersion.split("-")[0];
		},
	};
}

test("a replica is ready only when each kind is listed", async () => {
	const stage = createStage(() => true);
	let isReached = false;
	stage.upstreams.virtualmachineinstances.listAnswers.push(() => {
		isReached = true;
		throw new UpstreamError({ kind: "unreachable" }, "down");
	});
	await stage.start();
	expect([isReached, stage.isStarted]).toEqual([true, false]);
	await stage.settle(1_000);
	expect(stage.isStarted).toBe(true);
	expect(stage.version).toBe("90~190~290");
});

test("or known to be absent: the mode is the set of kinds", async () => {
	const none = createStage(() => false);
	await none.start();
	expect([none.isStarted, none.version]).toEqual([true, "90"]);
	expect(none.sink.state.joined).toBeUndefined();
	expect(none.feed.freshness().notes).toEqual([
		"virtualmachines.kubevirt.io: the cluster does not serve it: power is told by the operator's phase",
		"virtualmachineinstances.kubevirt.io: the cluster does not serve it: power is told by the operator's phase",
	]);
	await close?.();
	const two = createStage((plural) => plural === "virtualmachines");
	await two.start();
	expect([two.isStarted, two.version]).toEqual([true, "90~190"]);
	expect(two.sink.state.joined).toHaveLength(1);
});

test("or known to be forbidden, which is told", async () => {
	const stage = createStage(() => true);
	for (const plural of ["virtualmachines", "virtualmachineinstances"] as const) {
		stage.upstreams[plural].listAnswers.push(() => {
			throw new UpstreamError(
				{ kind: "refused", code: 403, status: {}, retryAfterMs: undefined },
				"HTTP 403",
			);
		});
	}
	await stage.start();
	expect([stage.isStarted, stage.version]).toEqual([true, "90"]);
	expect(stage.feed.freshness().notes?.[0]).toContain("we may not list and watch it");
	expect(stage.feed.freshness()).toMatchObject({ staleSinceMs: undefined, trouble: undefined });
	// Rights that are granted later are noticed: another mode.
	await stage.settle(30_000);
	expect(stage.version).toBe("90~190~290");
});

test("silence of VMs makes reads stale, but only that of Wukongs concerns writes", async () => {
	const stage = createStage(() => true);
	await stage.start();
	for (let passedMs = 0; passedMs < 80_000; passedMs += 10_000) {
		for (const plural of ["wukongs", "virtualmachineinstances"] as const) {
			stage.upstreams[plural].watching.bookmark(stage.upstreams[plural].state.version + 1);
		}
		await stage.settle(10_000);
	}
	expect(stage.feed.freshness().staleSinceMs).toBeDefined();
	expect(stage.feed.wukongFreshness().staleSinceMs).toBeUndefined();
});

test("each kind is asked for its own newest version, and brought there", async () => {
	const stage = createStage(() => true);
	await stage.start();
	const { signal } = new AbortController();
	expect(await stage.feed.currentVersion(signal)).toBe(100n);
	expect(await stage.feed.currentVersion(signal, 1)).toBe(200n);
	stage.upstreams.virtualmachineinstances.state.version = 340;
	expect(await stage.feed.currentVersion(signal, 2)).toBe(340n);
	stage.feed.refresh(340n, 2);
	await stage.settle(250);
	const { wukongs, virtualmachines, virtualmachineinstances: instances } = stage.upstreams;
	expect([wukongs, virtualmachines, instances].map(({ watches }) => watches.length)).toEqual([
		1, 1, 2,
	]);
	instances.watching.bookmark(340);
	await stage.settle(0);
	expect(instances.watching.left).toBe(true);
	expect(instances.lists).toHaveLength(1);
});
