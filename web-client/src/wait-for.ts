import { Code, ConnectError } from "@connectrpc/connect";
import {
	WukongStatus_PowerState as PowerState,
	type Wukong,
} from "../gen/novasphere/v1/wukong_pb.js";
import type { Environment } from "./live/environment.ts";
import type { WatchQuery } from "./live/query.ts";
import { type Ref, refOf } from "./ref.ts";
import type { Watch, WatchOptions } from "./watch.ts";

/** What to wait for: a power state, that the VM is gone, or whatever a function says of it. */
export type WaitCondition =
	| Exclude<keyof typeof PowerState, "UNSPECIFIED">
	| "DELETED"
	| ((wukong: Wukong | undefined) => boolean);

/** How long to wait. */
export interface WaitOptions {
	/** Ends the wait with Code.Canceled. */
	readonly signal?: AbortSignal;
	/** At most so long, in milliseconds; 0: for ever. Default: 300,000. */
	readonly timeoutMs?: number;
}

/** Opens a watch of one VM. */
export type WatchOne = (query: WatchQuery, options: WatchOptions) => Watch;

/**
 * Waits until a VM is as wanted, over a watch, so that it is told at once.
 *
 * @returns the VM, or undefined where it does not exist (any more)
 * @throws ConnectError DEADLINE_EXCEEDED after `timeoutMs`; FAILED_PRECONDITION at once where a
 *   power state is wanted and the VM is in ERROR; NOT_FOUND where a power state is wanted of a VM
 *   that does not exist; what the watch cannot recover from
 */
export async function waitFor(
	watch: WatchOne,
	environment: Environment,
	{ ref, condition, options }: { ref: Ref; condition: WaitCondition; options: WaitOptions },
): Promise<Wukong | undefined> {
	const { timeoutMs = 300_000, signal } = options;
	const { namespace, name } = refOf(ref);
	const watching = watch({ namespace, name }, { signal });
	let code = Code.Canceled;
	const late = () => {
		code = Code.DeadlineExceeded;
		void watching.close();
	};
	const timer = timeoutMs > 0 ? environment.clock.setTimer(timeoutMs, late) : undefined;
	let wukong: Wukong | undefined;
	let isComplete = false;
	try {
		for await (const event of watching) {
			if (event.type === "SYNCED") isComplete = true;
			else wukong = event.type === "DELETED" ? undefined : event.wukong;
			if (isComplete && isMet(condition, wukong, name)) return wukong;
		}
	} finally {
		timer?.cancel();
	}
	throw new ConnectError(`${name} is not as wanted yet`, code);
}

function isMet(condition: WaitCondition, wukong: Wukong | undefined, name: string): boolean {
	if (typeof condition === "function") return condition(wukong);
	if (condition === "DELETED") return wukong === undefined;
	if (wukong === undefined) throw new ConnectError(`${name} does not exist`, Code.NotFound);
	const power = wukong.status?.powerState;
	if (power === PowerState[condition]) return true;
	if (power !== PowerState.ERROR) return false;
	throw new ConnectError(`${name} is in ERROR`, Code.FailedPrecondition);
}
