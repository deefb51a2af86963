import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";

/** Counts what one stream is told of each VM in each second. */
export interface ToldCounter {
	take(event: WukongEvent): void;
	/** Tellings of all VMs. */
	readonly count: number;
	/** The most tellings of one VM that fell into any second. */
	readonly mostInASecond: number;
}

/** Creates a counter of changes. */
export function createToldCounter(): ToldCounter {
	/** Times of the tellings of the last second, by name, in milliseconds. */
	const recent = new Map<string, number[]>();
	let count = 0;
	let most = 0;
	return {
		take({ type, wukong }) {
			if (type !== EventType.MODIFIED || wukong === undefined) return;
			const nowMs = performance.now();
			const times = (recent.get(wukong.name) ?? []).filter((ms) => ms > nowMs - 1_000);
			times.push(nowMs);
			recent.set(wukong.name, times);
			count++;
			most = Math.max(most, times.length);
		},
		get count() {
			return count;
		},
		get mostInASecond() {
			return most;
		},
	};
}
