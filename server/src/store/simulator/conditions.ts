import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Condition, ConditionSchema, type Wukong } from "@novasphere/wukong-gen/wukong";

/** What the operator says about one aspect of a VM. */
export interface Finding {
	readonly type: "Ready" | "NetworksConfigured" | "VolumesBound";
	readonly status: "True" | "False" | "Unknown";
	/** One CamelCase word. */
	readonly reason: string;
	/** For people. */
	readonly message: string;
}

/** The status of one condition; undefined where nothing was said yet. */
export function conditionStatus(wukong: Wukong, type: Finding["type"]): string | undefined {
	return wukong.status?.conditions.find((condition) => condition.type === type)?.status;
}

/**
 * Findings as conditions of the Wukong's generation. The time of the last
 * transition is kept where the status stays what it was.
 */
export function conditionsOf(
	wukong: Wukong,
	findings: readonly Finding[],
	nowMs: number,
): Condition[] {
	return findings.map((finding) => {
		const before = wukong.status?.conditions.find(({ type }) => type === finding.type);
		const next = create(ConditionSchema, {
			...finding,
			lastTransitionTime: timestampFromMs(nowMs),
			observedGeneration: wukong.generation,
		});
		if (before?.status === next.status && before.lastTransitionTime !== undefined) {
			next.lastTransitionTime = before.lastTransitionTime;
		}
		return next;
	});
}

/**
 * When the operator last took a step, in milliseconds since 1970: each step of a
 * VM's life changes the status of at least one condition.
 */
export function lastTransitionMs(wukong: Wukong): number {
	return (wukong.status?.conditions ?? []).reduce(
		(latest, { lastTransitionTime: time }) =>
			time === undefined ? latest : Math.max(latest, timestampMs(time)),
		0,
	);
}
