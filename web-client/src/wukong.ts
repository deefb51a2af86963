import { toJson } from "@bufbuild/protobuf";
import { type Wukong, type WukongJson, WukongSchema } from "../gen/novasphere/v1/wukong_pb.js";

/**
 * Names a VM: its name in the default namespace, `namespace/name`, or anything that has both, as a
 * VM itself has.
 */
export type Ref = string | { readonly namespace?: string; readonly name: string };

/** Takes a reference apart; an empty namespace is the service's default one. */
export function refOf(ref: Ref): { namespace: string; name: string } {
	if (typeof ref !== "string") return { namespace: ref.namespace ?? "", name: ref.name };
	const slash = ref.indexOf("/");
	return { namespace: ref.slice(0, Math.max(slash, 0)), name: ref.slice(slash + 1) };
}

/**
 * Says whether a VM counts as stuck: `stuck_time` has come, by the rule that `power_message` names.
 *
 * @param nowMs milliseconds since 1970; default: now
 */
export function isStuck({ status }: Wukong, nowMs: number = Date.now()): boolean {
	const time = status?.stuckTime;
	return time !== undefined && Number(time.seconds) * 1_000 + time.nanos / 1_000_000 <= nowMs;
}

/**
 * Turns a VM into plain JSON, as curl shows it: times and 64-bit numbers are texts. A message
 * itself has bigints, which `JSON.stringify` refuses.
 *
 * @example JSON.stringify(wukongToJson(vm))
 */
export function wukongToJson(wukong: Wukong): WukongJson {
	return toJson(WukongSchema, wukong);
}
