import type { HandlerContext } from "@connectrpc/connect";
import { WukongStatus_PowerState as PowerState, type Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WaitWukongResponse_Outcome as Outcome,
	type WaitWukongRequest,
} from "@novasphere/wukong-gen/wukong-service";
import { invalidRequest } from "../../failure.ts";
import { wukongNotFound } from "../../resource/wukong/failures.ts";
import { wantedOn } from "../../resource/wukong/power-state.ts";
import { requestedMs } from "./durations.ts";
import { callerOf, guardFor, type ServiceContext } from "./service-context.ts";

interface WaitAnswer {
	readonly outcome: Outcome;
	readonly wukong?: Wukong;
	readonly reason?: string;
}

/**
 * Time kept back of the caller's deadline for the answer: TIMED_OUT says more than that the deadline
 * has passed. In milliseconds.
 */
const answerTimeMs = 100;

/**
 * Creates the method WaitWukong: a wait on the replica that costs nothing while nothing happens to
 * its VM. It is for one VM: the one that is there at its start.
 */
export function createWait(
	service: ServiceContext,
): (request: WaitWukongRequest, context: HandlerContext) => Promise<WaitAnswer> {
	const { replica, defaultNamespace, maxWaitMs } = service;
	return async (request, context) => {
		const { uid, minResourceVersion } = request;
		const wanted = wantedState(request);
		const timeoutMs = requestedMs("timeout", request.timeout) ?? maxWaitMs;
		const ref = { namespace: request.namespace || defaultNamespace, name: request.name };
		let last: Wukong | undefined;
		let judgePower: ReturnType<typeof createJudge> | undefined;
		const judge = (wukong: Wukong | undefined): WaitAnswer | undefined => {
			const isOther = wukong !== undefined && wukong.uid !== (last?.uid ?? (uid || wukong.uid));
			if (wukong !== undefined && !isOther) {
				last = wukong;
				if (wanted === "deleted") return undefined;
				judgePower ??= createJudge(wanted);
				return judgePower(wukong);
			}
			if (wanted === "deleted") return answer(Outcome.REACHED, last);
			// Nobody can tell whether a VM that is not there has ever been.
			if (last === undefined) throw wukongNotFound(ref);
			return { ...answer(Outcome.IMPOSSIBLE, last), reason: "Deleted" };
		};
		const result = await replica.wait({
			ref,
			judge,
			maxWaitMs() {
				const leftMs = (context.timeoutMs() ?? Number.POSITIVE_INFINITY) - answerTimeMs;
				return Math.min(timeoutMs, maxWaitMs, leftMs);
			},
			minResourceVersion,
			caller: callerOf(context),
			guard: guardFor(service, context),
		});
		return result ?? answer(Outcome.TIMED_OUT, last);
	};
}

function answer(outcome: Outcome, wukong: Wukong | undefined): WaitAnswer {
	return wukong === undefined ? { outcome } : { outcome, wukong };
}

/**
 * Returns what is waited for.
 * @throws INVALID_REQUEST unless it is exactly one
 */
function wantedState({ state, deleted }: WaitWukongRequest): PowerState | "deleted" {
	if (deleted !== (state !== PowerState.POWER_STATE_UNSPECIFIED)) {
		return deleted ? "deleted" : state;
	}
	const description = "exactly one of state and deleted is to be set";
	throw invalidRequest({ field: "state", description });
}

/** States that a VM comes to where it is wanted on, and those where it is wanted off. */
const onStates: ReadonlySet<PowerState> = new Set([
	PowerState.STARTING,
	PowerState.RUNNING,
	PowerState.PAUSED,
]);
const offStates: ReadonlySet<PowerState> = new Set([PowerState.STOPPING, PowerState.STOPPED]);

/**
 * Creates the judge of the states of one VM, in their order; undefined: what is wanted may still come.
 * A wish that was the other way from the start says nothing: the call that turns it may be on its way,
 * or known to another replica only. One that turns away does.
 */
function createJudge(wanted: PowerState): (wukong: Wukong) => WaitAnswer | undefined {
	const isWantedBy = (wukong: Wukong) => (wantedOn(wukong.spec) ? onStates : offStates).has(wanted);
	let wasWished = false;
	let wasUp = false;
	return (wukong) => {
		const { powerState, powerReason = "" } = wukong.status ?? {};
		const impossible = (reason: string) => ({ ...answer(Outcome.IMPOSSIBLE, wukong), reason });
		if (powerState === wanted) return answer(Outcome.REACHED, wukong);
		if (wukong.deleteTime !== undefined) {
			return onStates.has(wanted) ? impossible("Deleting") : undefined;
		}
		if (powerState === PowerState.ERROR) return impossible(powerReason || "PowerError");
		const isWished = isWantedBy(wukong);
		if (wasWished && !isWished) return impossible(wantedOn(wukong.spec) ? "WantedOn" : "WantedOff");
		wasWished = isWished;
		const isOff = powerState === PowerState.STOPPED;
		// It went off although it is wanted on: nothing starts it.
		if (isOff && wasUp && isWished && onStates.has(wanted)) {
			return impossible(powerReason || "StoppedOutside");
		}
		wasUp = !isOff;
		return undefined;
	};
}
