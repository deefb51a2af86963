import type { Wukong } from "../gen/novasphere/v1/wukong_pb.js";

/**
 * Says whether a VM counts as stuck: `stuck_time` has come, by the rule that `power_message` names.
 *
 * @param nowMs milliseconds since 1970; default: now
 */
export function isStuck({ status }: Wukong, nowMs: number = Date.now()): boolean {
	const time = status?.stuckTime;
	return time !== undefined && Number(time.seconds) * 1_000 + time.nanos / 1_000_000 <= nowMs;
}
