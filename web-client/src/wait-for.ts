import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import {
	WukongStatus_PowerState as PowerState,
	type Wukong,
} from "../gen/novasphere/v1/wukong_pb.js";
import type {
	WaitWukongResponse_Outcome as Outcome,
	WukongService,
} from "../gen/novasphere/v1/wukong_service_pb.js";
import type { Environment } from "./live/environment.ts";
import { createPause } from "./live/pause.ts";
import type { WatchQuery } from "./live/query.ts";
import { onAbort } from "./on-abort.ts";
import { repeatable, withRetry } from "./retry.ts";
import type { Watch, WatchOptions } from "./watch.ts";
import { type Ref, refOf } from "./wukong.ts";

/** What to wait for: a power state, that the VM is gone, or whatever a function says of it. */
export type WaitCondition =
	| Exclude<keyof typeof PowerState, "POWER_STATE_UNSPECIFIED">
	| "DELETED"
	| Condition;

type Condition = (wukong: Wukong | undefined) => boolean;

/** How long to wait. */
export interface WaitOptions {
	/** Ends the wait with Code.Canceled. */
	readonly signal?: AbortSignal;
	/** At most so long, in milliseconds; 0: for ever. Default: 300,000. */
	readonly timeoutMs?: number;
}

/** What a wait needs of its client. */
export interface WaitContext {
	readonly watch: (query: WatchQuery, options: WatchOptions) => Watch;
	readonly rpc: Pick<Client<typeof WukongService>, "waitWukong">;
	readonly environment: Environment;
	/** Connections are few, so a wait holds none: it asks again and again. */
	readonly isCramped: boolean;
	/** Version of the client's newest write, which a wait is to see. */
	readonly written: () => string;
	/** Aborted when the client is closed. */
	readonly signal: AbortSignal;
}

/** One wait. */
interface Wait<C> {
	readonly ref: ReturnType<typeof refOf>;
	readonly condition: C;
	readonly signal: AbortSignal;
}

/** A proxy may cut off a silent call after 60 s; the service answers before. */
const stepMs = 50_000;
const stepDeadlineMs = 60_000;
/** Time between two questions where connections are few. */
const pollMs = 1_000;

const reached: Outcome.REACHED = 1;
const timedOut: Outcome.TIMED_OUT = 3;

/**
 * Waits until a VM is as wanted; for a power state or a deletion by WaitWukong, in steps, and else over
 * a watch: either way it is told at once, but over cleartext HTTP/1.1, where it asks every second.
 *
 * @returns the VM, or undefined where it does not exist (any more)
 * @throws ConnectError DEADLINE_EXCEEDED after `timeoutMs`; FAILED_PRECONDITION at once where a
 *   power state is wanted that does not come: the VM is in ERROR, or wished the other way; NOT_FOUND
 *   where a power state is wanted of a VM that does not exist; what no retry can cure
 */
export async function waitFor(
	context: WaitContext,
	{ ref, condition, options }: { ref: Ref; condition: WaitCondition; options: WaitOptions },
): Promise<Wukong | undefined> {
	const { timeoutMs = 300_000, signal } = options;
	const leaver = new AbortController();
	const leave = () => leaver.abort();
	let code = Code.Canceled;
	const late = () => {
		code = Code.DeadlineExceeded;
		leave();
	};
	const timer = timeoutMs > 0 ? context.environment.clock.setTimer(timeoutMs, late) : undefined;
	const letGo = [context.signal, signal].map((caller) => onAbort(caller, leave));
	const wait = { ref: refOf(ref), signal: leaver.signal };
	try {
		const wukong = await (typeof condition === "function"
			? overWatch(context, { ...wait, condition })
			: inSteps(context, { ...wait, condition }));
		if (!leaver.signal.aborted) return wukong;
	} catch (error) {
		if (!leaver.signal.aborted) throw error;
	} finally {
		timer?.cancel();
		for (const release of letGo) release();
	}
	throw new ConnectError(`${wait.ref.name} is not as wanted yet`, code);
}

async function inSteps(
	{ rpc, environment, isCramped, written }: WaitContext,
	{ ref, condition, signal }: Wait<Exclude<WaitCondition, Condition>>,
): Promise<Wukong | undefined> {
	const request = {
		...ref,
		...(condition === "DELETED" ? { deleted: true } : { state: PowerState[condition] }),
		timeout: durationFromMs(isCramped ? 0 : stepMs),
		minResourceVersion: written(),
	};
	const pause = createPause(environment.clock);
	onAbort(signal, pause.stop);
	let uid = "";
	for (;;) {
		const { outcome, wukong, reason } = await withRetry(
			() => rpc.waitWukong({ ...request, uid }, { signal, timeoutMs: stepDeadlineMs }),
			{ environment, attempts: Infinity, rule: repeatable, signal },
		);
		if (outcome === reached) return condition === "DELETED" ? undefined : wukong;
		if (outcome !== timedOut) {
			const code = reason === "Deleted" ? Code.NotFound : Code.FailedPrecondition;
			throw new ConnectError(`${ref.name}: ${reason}`, code);
		}
		// A namesake that comes between two steps is another VM.
		uid ||= wukong?.uid ?? "";
		if (isCramped) await pause.wait(pollMs);
	}
}

async function overWatch(
	{ watch }: WaitContext,
	{ ref, condition, signal }: Wait<Condition>,
): Promise<Wukong | undefined> {
	let wukong: Wukong | undefined;
	let isComplete = false;
	for await (const event of watch(ref, { signal })) {
		if (event.type === "SYNCED") isComplete = true;
		else wukong = event.type === "DELETED" ? undefined : event.wukong;
		if (isComplete && condition(wukong)) return wukong;
	}
	return undefined;
}
