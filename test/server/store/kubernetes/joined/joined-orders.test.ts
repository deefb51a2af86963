import { isDeepStrictEqual } from "node:util";
import { toJsonString } from "@bufbuild/protobuf";
import {
	WukongStatus_PowerState as PowerState,
	WukongSchema,
	type WukongStatus,
} from "@novasphere/wukong-gen/wukong";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { PowerEvidence } from "../../../../../server/src/resource/wukong/power/evidence.ts";
import type { Unstructured } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { testSeed } from "../../../../support/seed.ts";
import { createSeededRandom } from "../../../../support/seeded-random.ts";
import { rawNamed } from "../raw.ts";
import { createStage } from "./joined-stage.ts";
import { rawVm, rawVmi } from "./raw-kubevirt.ts";

/** Ways in which power could flap; each must be found. */
const plantedBugs = [
	"power that flaps: it has a memory of the state before",
	"power that flaps: it goes by what arrived last",
] as const;
type Bug = (typeof plantedBugs)[number];

const planted = vi.hoisted(() => ({
	bug: undefined as string | undefined,
	/** What the function of one replica remembers of each VM. */
	memory: new Map<string, { readonly evidence: PowerEvidence; readonly status: WukongStatus }>(),
}));

vi.mock(
	"../../../../../server/src/resource/wukong/power/observe-power.ts",
	async (importOriginal) => {
		const right =
			await importOriginal<
				typeof import("../../../../../server/src/resource/wukong/power/observe-power.ts")
			>();
		const observedStatus: typeof right.observedStatus = (evidence, rules) => {
			const { uid } = evidence.wukong;
			const before = planted.memory.get(uid);
			let status = right.observedStatus(evidence, rules);
			if (planted.bug === plantedBugs[0] && status.powerState === PowerState.STARTING) {
				status = before?.status ?? status;
			}
			const isInstanceNewer = before?.evidence.vm === evidence.vm;
			if (planted.bug === plantedBugs[1] && isInstanceNewer && evidence.vm !== undefined) {
				const vm = { ...evidence.vm, printableStatus: "" };
				status = right.observedStatus({ ...evidence, vm }, rules);
			}
			if (planted.bug !== undefined) planted.memory.set(uid, { evidence, status });
			return status;
		};
		return { ...right, observedStatus };
	},
);

/** Plays one history to three replicas, each kind at its own pace. @returns what they differ in */
function play(seed: number, bug?: Bug): string[] {
	const random = createSeededRandom(seed);
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	planted.bug = bug;
	const faults: string[] = [];
	const events = makeHistory(pick, random);
	const seen = new Map<string, string>();
	const ends = [0, 1, 2].map(() => {
		planted.memory.clear();
		const stage = createStage();
		stage.wukongs.load(1);
		stage.vms.load(1);
		stage.vmis.load(1);
		stage.feed.open();
		const queues = [0, 1, 2].map((kind) => events.filter((event) => event.kind === kind));
		const places = [0, 0, 0];
		for (let left = events.length; left > 0; left--) {
			const kind = pick([0, 1, 2].filter((one) => (places[one] ?? 0) < (queues[one]?.length ?? 0)));
			const place = places[kind] ?? 0;
			places[kind] = place + 1;
			const event = queues[kind]?.[place];
			if (event === undefined) throw new Error("no event is left");
			[stage.wukongs, stage.vms, stage.vmis][kind]?.event(event.type, event.raw);
			for (const object of stage.objects.values()) {
				const text = toJsonString(WukongSchema, object);
				const key = `${object.uid} ${object.resourceVersion}`;
				if ((seen.get(key) ?? text) !== text) faults.push(`${key} has other bytes: ${text}`);
				seen.set(key, text);
			}
		}
		return [...stage.objects.values()]
			.map(({ name, status, uid }) => ({ name, uid, status }))
			.sort((one, other) => (one.name < other.name ? -1 : 1));
	});
	for (const end of ends.slice(1)) {
		if (!isDeepStrictEqual(end, ends[0])) faults.push("two replicas do not agree in the end");
	}
	return faults;
}

describe("replicas that see the kinds in different orders", () => {
	afterEach(() => {
		planted.bug = undefined;
	});

	test(`agree in the end, and equal versions are equal bytes on the way (seed ${testSeed})`, () => {
		for (let run = 0; run < 40; run++) {
			expect({ run, faults: play(testSeed + run) }).toEqual({ run, faults: [] });
		}
	});

	test.each(plantedBugs)("the planted bug is found: %s", (bug) => {
		let found: readonly string[] = [];
		for (let run = 0; run < 100 && found.length === 0; run++) found = play(13 + run, bug);
		expect(found).not.toEqual([]);
	});
});

interface MadeEvent {
	readonly kind: number;
	readonly type: "ADDED" | "MODIFIED" | "DELETED";
	readonly raw: Unstructured;
}

/** Makes a cluster's history: names that come again, owners that change, names without owners. */
function makeHistory(pick: <T>(list: readonly T[]) => T, random: () => number): MadeEvent[] {
	const there: Map<string, Unstructured>[] = [new Map(), new Map(), new Map()];
	const events: MadeEvent[] = [];
	let serial = 0;
	const uidsOf = (kind: number) =>
		[...(there[kind]?.values() ?? [])].map(({ metadata }) => metadata.uid);
	for (let version = 2; version < 80; version++) {
		const kind = pick([0, 1, 1, 2, 2]);
		const objects = there[kind] ?? new Map();
		const name = kind === 0 ? pick(["a", "b"]) : pick(["a-vm", "b-vm", "x"]);
		const before = objects.get(name);
		const uid = before?.metadata.uid ?? `uid-${serial++}`;
		const owners = [...uidsOf(kind - 1), "nobody"];
		const owner = kind === 0 || random() < 0.3 ? {} : { owner: pick(owners) };
		const raw = [
			() => rawNamed(name, { version, uid, spec: { cpu: pick([1, 2]) } }),
			() =>
				rawVm(name, version, {
					...{ uid, ...owner },
					status: {
						printableStatus: pick(["Running", "Starting", "Stopped", ""]),
						created: pick([true, false]),
					},
				}),
			() =>
				rawVmi(name, version, {
					...{ uid, ...owner },
					status: { phase: pick(["Running", "Scheduling"]) },
				}),
		][kind]?.();
		if (raw === undefined) continue;
		const type = before === undefined ? "ADDED" : random() < 0.3 ? "DELETED" : "MODIFIED";
		if (type === "DELETED") objects.delete(name);
		else objects.set(name, raw);
		events.push({ kind, type, raw });
	}
	return events;
}
