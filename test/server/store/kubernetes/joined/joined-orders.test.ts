import { toJsonString } from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import { expect, test } from "vitest";
import type { Unstructured } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { createSeededRandom } from "../../../../support/seeded-random.ts";
import { rawNamed } from "../raw.ts";
import { createStage } from "./joined-stage.ts";
import { rawVm, rawVmi } from "./raw-kubevirt.ts";

test("replicas that see the kinds in different orders agree in the end, and equal versions are equal bytes on the way", () => {
	const random = createSeededRandom(13);
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	for (let round = 0; round < 40; round++) {
		const events = makeHistory(pick, random);
		const seen = new Map<string, string>();
		const ends = [0, 1, 2].map(() => {
			const stage = createStage();
			stage.wukongs.load(1);
			stage.vms.load(1);
			stage.vmis.load(1);
			stage.feed.open();
			const queues = [0, 1, 2].map((kind) => events.filter((event) => event.kind === kind));
			const places = [0, 0, 0];
			for (let left = events.length; left > 0; left--) {
				const kind = pick(
					[0, 1, 2].filter((one) => (places[one] ?? 0) < (queues[one]?.length ?? 0)),
				);
				const place = places[kind] ?? 0;
				places[kind] = place + 1;
				const event = queues[kind]?.[place];
				if (event === undefined) throw new Error("no event is left");
				[stage.wukongs, stage.vms, stage.vmis][kind]?.event(event.type, event.raw);
				for (const object of stage.objects.values()) {
					const text = toJsonString(WukongSchema, object);
					const key = `${object.uid} ${object.resourceVersion}`;
					expect(seen.get(key) ?? text, `round ${round}: ${key}`).toBe(text);
					seen.set(key, text);
				}
			}
			return [...stage.objects.values()]
				.map(({ name, status, uid }) => ({ name, uid, status }))
				.sort((one, other) => (one.name < other.name ? -1 : 1));
		});
		expect(ends[1], `round ${round}`).toEqual(ends[0]);
		expect(ends[2], `round ${round}`).toEqual(ends[0]);
	}
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
