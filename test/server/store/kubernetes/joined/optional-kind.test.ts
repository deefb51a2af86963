import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, describe, expect, test } from "vitest";
import { Failure } from "../../../../../server/src/failure.ts";
import {
	createOptionalKind,
	type OptionalKind,
} from "../../../../../server/src/store/kubernetes/joined/optional-kind.ts";
import { virtualMachineKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine.ts";
import { defaultReflectorTimings } from "../../../../../server/src/store/kubernetes/reflector-timings.ts";
import { UpstreamError } from "../../../../../server/src/store/kubernetes/upstream-error.ts";
import { createFakeClock, type FakeClock } from "../../../../support/fake-clock.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../scripted-upstream.ts";
import { rawVm } from "./raw-kubevirt.ts";

const refused = (code: number) =>
	new UpstreamError({ kind: "refused", code, status: {}, retryAfterMs: undefined }, `HTTP ${code}`);

interface Stage {
	readonly kind: OptionalKind;
	readonly upstream: ScriptedUpstream;
	readonly clock: FakeClock;
	/** What was told, in words. */
	readonly told: string[];
	/** What discovery says; an error is thrown. */
	discovery: boolean | Error;
	/** It is known whether there is anything to follow. */
	readonly isKnown: boolean;
	settle(ms?: number): Promise<void>;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0)) await close();
});

async function start(discovery: boolean | Error): Promise<Stage> {
	const upstream = createScriptedUpstream();
	upstream.state = { version: 100, objects: [rawVm("a-vm", 90)] };
	const clock = createFakeClock();
	const told: string[] = [];
	const leave = new AbortController();
	let isKnown = false;
	const stage: { discovery: boolean | Error } = { discovery };
	const silent = () => {};
	const kind = createOptionalKind({
		kind: virtualMachineKind,
		cluster: {
			async isServed() {
				if (stage.discovery instanceof Error) throw stage.discovery;
				return stage.discovery;
			},
			upstreamOf: () => upstream,
		},
		sink: {
			load: ({ objects, head }) => void told.push(`loaded ${objects.length}@${head}`),
			append: (changes) => void told.push(...changes.map(({ version }) => `change @${version}`)),
			advance: silent,
		},
		onMissing: (presence) => void told.push(presence),
		clock,
		random: () => 0.5,
		timings: {
			...defaultReflectorTimings,
			historyVersions: 0n,
			recheckMs: 30_000,
			backoff: { minMs: 100, maxMs: 100, healthyMs: 1_000 },
		},
		observer: {
			listed: silent,
			watchOpened: silent,
			watchEnded: silent,
			troubled: (trouble) => void told.push(`troubled: ${trouble}`),
			recovered: () => void told.push("recovered"),
		},
	});
	kind.start(leave.signal).then(
		() => {
			isKnown = true;
		},
		() => {},
	);
	closing.push(async () => {
		leave.abort(new Failure(ErrorReason.SHUTTING_DOWN, "closed"));
		await kind.closed();
	});
	const settle = async (ms = 0) => {
		await clock.advance(ms);
		for (let turn = 0; turn < 10; turn++) await clock.advance(0);
	};
	await settle();
	return {
		kind,
		upstream,
		clock,
		told,
		settle,
		get discovery() {
			return stage.discovery;
		},
		set discovery(next) {
			stage.discovery = next;
		},
		get isKnown() {
			return isKnown;
		},
	};
}

describe("a kind that a cluster need not serve", () => {
	test("is absent where discovery says so, which is known at once, and followed when it appears", async () => {
		const stage = await start(false);
		expect(stage.told).toEqual(["absent"]);
		expect([stage.isKnown, stage.kind.presence]).toEqual([true, "absent"]);
		stage.discovery = true;
		await stage.settle(29_000);
		expect(stage.told).toEqual(["absent"]);
		await stage.settle(1_000);
		expect(stage.told).toEqual(["absent", "loaded 1@100"]);
		stage.upstream.watching.send("MODIFIED", rawVm("a-vm", 110, { status: { created: true } }));
		await stage.settle();
		expect(stage.told.at(-1)).toBe("change @110");
		expect(stage.kind.freshness()).toMatchObject({ staleSinceMs: undefined });
	});

	test("is not known while discovery fails: neither absent nor forbidden", async () => {
		const stage = await start(new UpstreamError({ kind: "unreachable" }, "down"));
		for (let tries = 0; tries < 5; tries++) await stage.settle(100);
		expect([stage.isKnown, stage.kind.presence]).toEqual([false, "unknown"]);
		expect(new Set(stage.told)).toEqual(new Set(["troubled: unreachable"]));
		stage.discovery = true;
		await stage.settle(100);
		expect([stage.isKnown, stage.kind.presence]).toEqual([true, "listed"]);
		expect(stage.told.slice(-2)).toEqual(["recovered", "loaded 1@100"]);
	});

	test("is forbidden where it may not be listed, without trouble, and followed once it may", async () => {
		const forbidden = () => {
			throw refused(403);
		};
		const stage = await start(false);
		stage.upstream.listAnswers.push(forbidden);
		stage.discovery = true;
		await stage.settle(30_000);
		expect(stage.told).toEqual(["absent", "forbidden"]);
		expect(stage.kind.freshness()).toBeUndefined();
		await stage.settle(30_000);
		expect(stage.told).toEqual(["absent", "forbidden", "loaded 1@100"]);
	});

	test("is gone at the first 404 after its watch has ended, and comes back", async () => {
		const stage = await start(true);
		expect(stage.told).toEqual(["loaded 1@100"]);
		stage.upstream.watchAnswers.push(() => {
			throw refused(404);
		});
		stage.discovery = false;
		stage.upstream.watching.end();
		await stage.settle(100);
		expect(stage.told).toEqual(["loaded 1@100", "absent"]);
		expect(stage.kind.presence).toBe("absent");
		stage.discovery = true;
		await stage.settle(30_000);
		expect(stage.told.at(-1)).toBe("loaded 1@100");
	});

	test("stays while a right seems to be gone once or twice: API servers learn of it one by one", async () => {
		const stage = await start(true);
		const forbidden = () => {
			throw refused(403);
		};
		stage.upstream.watchAnswers.push(forbidden, forbidden);
		stage.upstream.watching.end();
		for (let tries = 0; tries < 4; tries++) await stage.settle(100);
		expect(stage.kind.presence).toBe("listed");
		expect(stage.told.filter((word) => word === "forbidden")).toEqual([]);
	});

	test("stays where a watch is opened between refusals: these are none in a row", async () => {
		const stage = await start(true);
		const forbidden = () => {
			throw refused(403);
		};
		for (let round = 0; round < 3; round++) {
			stage.upstream.watchAnswers.push(forbidden, forbidden);
			const before = stage.upstream.watches.length;
			// At once and without an event, which proves nothing of what is cached.
			stage.upstream.watching.end();
			for (let tries = 0; tries < 100 && stage.upstream.watches.length === before; tries++) {
				await stage.settle(100);
			}
		}
		expect(stage.kind.presence).toBe("listed");
		expect(stage.told.filter((word) => word === "forbidden")).toEqual([]);
	});

	test("is forbidden once a right is withdrawn for good", async () => {
		const stage = await start(true);
		const forbidden = () => {
			throw refused(403);
		};
		stage.upstream.watchAnswers.push(forbidden, forbidden, forbidden);
		stage.upstream.watching.end();
		for (let tries = 0; tries < 6; tries++) await stage.settle(100);
		expect(stage.told.at(-1)).toBe("forbidden");
	});
});
