import { clone, create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	WukongStatus_PowerState as PowerState,
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
} from "../../gen/novasphere/v1/wukong_pb.js";
import type { Calls, WukongInit } from "../calls.ts";
import { merged } from "../merge.ts";

/** What a call will have made of a VM. It leaves what it is given as it is. */
export type Effect = (wukong: Wukong) => Wukong;

/** The wish, and the state that it leads to; ERROR and UNKNOWN stay until something is observed. */
export function switched(isOn: boolean): Effect {
	return (wukong) => {
		const next = clone(WukongSchema, wukong);
		next.spec ??= create(WukongSpecSchema);
		next.spec.startStrategy ??= create(StartStrategySchema);
		next.spec.startStrategy.autoStart = isOn;
		return move(next, isOn ? [PowerState.STOPPED, PowerState.STOPPING] : running, isOn);
	};
}

/** The deletion is under way. @param nowMs milliseconds since 1970 */
export function leaving(nowMs: number): Effect {
	return (wukong) => {
		const next = clone(WukongSchema, wukong);
		next.deleteTime ??= timestampFromMs(nowMs);
		return move(next, running, false);
	};
}

/** What an update is given, merged as the service does. */
export function updated(change: Parameters<Calls["update"]>[1]): Effect {
	return (wukong) => {
		if (typeof change !== "function") {
			return merged(WukongSchema, wukong, create(WukongSchema, change as WukongInit), []);
		}
		const draft = structuredClone(wukong);
		return change(draft) ?? draft;
	};
}

const running = [PowerState.RUNNING, PowerState.PAUSED, PowerState.STARTING];

function move(draft: Wukong, from: readonly PowerState[], isOn: boolean): Wukong {
	if (draft.status !== undefined && from.includes(draft.status.powerState)) {
		draft.status.powerState = isOn ? PowerState.STARTING : PowerState.STOPPING;
	}
	return draft;
}
