import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Wukong, WukongSchema, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import type { OperatorOptions } from "../../../../server/src/store/simulator/operator-options.ts";
import { reconcile } from "../../../../server/src/store/simulator/reconcile.ts";

type SpecInit = Omit<MessageInitShape<typeof WukongSpecSchema>, "$typeName" | "$unknown">;

export const timings: OperatorOptions = {
	pendingMs: 100,
	creatingMs: 1_000,
	stoppingMs: 500,
	deletingMs: 200,
};

export const startMs = Date.UTC(2026, 0, 1);

/** One VM in the operator's hands, and a time that only the test moves. */
export interface Life {
	readonly wukong: Wukong;
	readonly nowMs: number;
	readonly phase: string | undefined;
	readonly gone: boolean;
	/** Steps so far, as `phase@milliseconds since the start`. */
	readonly steps: readonly string[];
	/** Lets `ms` pass, with a look whenever one is due. */
	pass(ms: number): void;
	/** Changes spec, as an edit does. */
	edit(changes: SpecInit): void;
	turn(power: "on" | "off"): void;
	remove(): void;
	stepClock(ms: number): void;
	condition(type: string): { status: string; reason: string; sinceMs: number; generation: number };
}

export function createLife(spec: SpecInit = {}): Life {
	let nowMs = startMs;
	let wakeAtMs: number | undefined;
	let gone = false;
	let wanted: SpecInit = { cpu: 1, disks: [{ name: "root", size: "20Gi" }], ...spec };
	const steps: string[] = [];
	let wukong = create(WukongSchema, {
		namespace: "default",
		name: "vm",
		uid: "0c8f",
		generation: 1n,
		spec: create(WukongSpecSchema, wanted),
	});

	const look = (): void => {
		const seen = reconcile(wukong, nowMs, timings);
		gone = seen.finalized;
		wakeAtMs = seen.wakeAtMs;
		if (gone) steps.push(`gone@${nowMs - startMs}`);
		if (gone || seen.status === wukong.status) return;
		if (seen.status.phase !== wukong.status?.phase) {
			steps.push(`${seen.status.phase}@${nowMs - startMs}`);
		}
		wukong = { ...wukong, status: seen.status };
		look();
	};
	const change = (next: Wukong): void => {
		wukong = { ...next, generation: wukong.generation + 1n };
		look();
	};
	const edit = (changes: SpecInit): void => {
		wanted = { ...wanted, ...changes };
		change({ ...wukong, spec: create(WukongSpecSchema, wanted) });
	};
	look();

	return {
		get wukong() {
			return wukong;
		},
		get nowMs() {
			return nowMs;
		},
		get phase() {
			return wukong.status?.phase;
		},
		get gone() {
			return gone;
		},
		steps,
		pass(ms) {
			const endMs = nowMs + ms;
			while (!gone && wakeAtMs !== undefined && wakeAtMs <= endMs) {
				nowMs = Math.max(nowMs, wakeAtMs);
				look();
			}
			nowMs = endMs;
		},
		edit,
		turn: (power) => edit({ startStrategy: { autoStart: power === "on" } }),
		remove: () => change({ ...wukong, deleteTime: timestampFromMs(nowMs) }),
		stepClock(ms) {
			nowMs += ms;
			look();
		},
		condition(type) {
			const found = wukong.status?.conditions.find((condition) => condition.type === type);
			if (found === undefined) throw new Error(`there is no condition ${type}`);
			const sinceMs = Number(found.lastTransitionTime?.seconds ?? 0n) * 1_000;
			const nanos = found.lastTransitionTime?.nanos ?? 0;
			return {
				status: found.status,
				reason: found.reason,
				sinceMs: sinceMs + nanos / 1e6 - startMs,
				generation: Number(found.observedGeneration),
			};
		},
	};
}
