import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import {
	WukongStatus_PowerState as PowerState,
	type Wukong,
} from "../../gen/novasphere/v1/wukong_pb.js";
import {
	WaitWukongResponse_Outcome as Outcome,
	type WaitWukongRequest,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { Clock } from "../live/environment.ts";
import { keyOf } from "../live/watch-state.ts";
import { failure } from "./fake-failure.ts";
import type { FakeStore } from "./fake-store.ts";

interface Answer {
	readonly outcome: Outcome;
	readonly wukong?: Wukong;
	readonly reason?: string;
}

const onStates = [PowerState.STARTING, PowerState.RUNNING, PowerState.PAUSED];
const offStates = [PowerState.STOPPING, PowerState.STOPPED];

/** Waits as the service does: until it is so, cannot become so, or the time is over. */
export function waitFake(
	store: FakeStore,
	clock: Clock,
	{
		request,
		context,
	}: { readonly request: WaitWukongRequest; readonly context: Pick<HandlerContext, "signal"> },
): Promise<Answer> {
	const { name, state, deleted, timeout } = request;
	const key = keyOf({ namespace: request.namespace || "default", name });
	if (deleted === (state !== PowerState.POWER_STATE_UNSPECIFIED)) {
		throw failure(Code.InvalidArgument, "INVALID_REQUEST");
	}
	let last: Wukong | undefined;
	let wasWished = false;
	const ended = (outcome: Outcome, reason = "") => ({
		...{ outcome, reason },
		...(last === undefined ? {} : { wukong: last }),
	});
	const judge = (): Answer | undefined => {
		const found = store.wukongs.get(key);
		const uid = last?.uid ?? (request.uid || found?.uid);
		if (found === undefined || found.uid !== uid) {
			if (deleted) return ended(Outcome.REACHED);
			if (last === undefined) throw failure(Code.NotFound, "WUKONG_NOT_FOUND");
			return ended(Outcome.IMPOSSIBLE, "Deleted");
		}
		last = found;
		if (deleted) return undefined;
		const { powerState = PowerState.UNKNOWN } = found.status ?? {};
		if (powerState === state) return ended(Outcome.REACHED);
		if (powerState === PowerState.ERROR) {
			return ended(Outcome.IMPOSSIBLE, found.status?.powerReason || "PowerError");
		}
		if (found.deleteTime !== undefined) {
			return onStates.includes(state) ? ended(Outcome.IMPOSSIBLE, "Deleting") : undefined;
		}
		const isOn = found.spec?.startStrategy?.autoStart ?? true;
		const isWished = (isOn ? onStates : offStates).includes(state);
		if (wasWished && !isWished) return ended(Outcome.IMPOSSIBLE, isOn ? "WantedOn" : "WantedOff");
		wasWished = isWished;
		return undefined;
	};

	return new Promise((resolve, reject) => {
		const end = (tell: () => void) => {
			stopListening();
			timer?.cancel();
			context.signal.removeEventListener("abort", leave);
			tell();
		};
		const leave = () => end(() => reject(new ConnectError("the caller has left", Code.Canceled)));
		const look = () => {
			try {
				const answer = judge();
				if (answer !== undefined) end(() => resolve(answer));
			} catch (error) {
				end(() => reject(error));
			}
		};
		const stopListening = store.onChange(look);
		const timeoutMs = Number(timeout?.seconds ?? 600n) * 1_000;
		const timer = clock.setTimer(timeoutMs, () => end(() => resolve(ended(Outcome.TIMED_OUT))));
		context.signal.addEventListener("abort", leave);
		look();
	});
}
