import type { JsonObject } from "@bufbuild/protobuf";
import { type Wukong, WukongStatus_PowerState } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../../clock.ts";
import type { ObjectRef } from "../../../resource/object.ts";
import type { Action, ActionOptions, ActionResult, Edit, WriteOptions } from "../../store.ts";
import type { HeaderFields } from "../api.ts";
import { sleep } from "../backoff.ts";
import { wukongKind } from "../kinds/wukong.ts";
import { answerTimeMs } from "../read-your-writes.ts";
import { outcomeUnknown, versionConflict } from "../write-failure.ts";
import type { EditCompanion } from "../writes.ts";
import { judgeAction } from "./judge-action.ts";
import { findMachine, type Machine } from "./machine.ts";
import {
	kubeVirtMissing,
	permissionDenied,
	readFailureOf,
	verbFailureOf,
} from "./subresource-failure.ts";
import type { KubeVirtApi, Subresource } from "./subresources.ts";

/** Number of tries of an action that KubeVirt refuses although the VM looks as it needs. */
const maxTries = 4;

/** The longest wait before the second try, in milliseconds; it doubles with each one. */
const retryWaitMs = 50;

/** What actions work with. */
export interface ActionsOptions {
	readonly api: KubeVirtApi;
	/** Reads the Wukong from the API server, as callers see it. Fails with Failure. */
	readonly read: (ref: ObjectRef, signal: AbortSignal) => Promise<Wukong>;
	/** As `WritesOptions.impersonate`. */
	readonly impersonate: (options: WriteOptions) => HeaderFields | undefined;
	readonly clock: Clock;
	/** Random number from 0 to below 1. */
	readonly random: () => number;
}

/**
 * Waits before each look for what an action has changed, in milliseconds; about a second in all. KubeVirt
 * writes it shortly after its answer.
 */
const looksAfterMs = [20, 50, 100, 250, 500];

/** What is done to VMs by KubeVirt itself. */
export interface Actions {
	/** As `Store.act`. */
	act(ref: ObjectRef, action: Action, options: ActionOptions): Promise<ActionResult>;
	/**
	 * Sets the time that a guest has for its stop, and stops it. What does not run, or ends sooner, is
	 * left as it is. @throws NOT_SUPPORTED, PERMISSION_DENIED, UPSTREAM_UNAVAILABLE,
	 * WRITE_OUTCOME_UNKNOWN
	 */
	stop(wukong: Wukong, gracePeriodMs: number, options: WriteOptions): Promise<void>;
}

/**
 * Creates the actions. Each is decided on what the API server has at that time. KubeVirt takes no
 * precondition: a VM that is replaced by its namesake between the look and the call would be hit.
 */
export function createActions(options: ActionsOptions): Actions {
	const { api, read, impersonate, clock, random } = options;
	const look = async (wukong: Wukong, signal: AbortSignal): Promise<Machine | undefined> => {
		try {
			return await findMachine(api, wukong, signal);
		} catch (error) {
			throw readFailureOf(error, wukong);
		}
	};

	/** Checks that KubeVirt's server can take a call: one that is not sent has surely done nothing. */
	const checkServed = async (ref: ObjectRef, signal: AbortSignal): Promise<void> => {
		const isServed = await api.isServed(signal).catch((error) => {
			throw readFailureOf(error, ref);
		});
		if (!isServed) throw kubeVirtMissing(ref);
	};

	/** Checks that the cluster lets us send a verb: what has no dry run is refused by nobody else. */
	const checkAllowed = async (
		wukong: Wukong,
		call: Parameters<KubeVirtApi["isAllowed"]>,
	): Promise<void> => {
		const isAllowed = await api.isAllowed(...call).catch((error) => {
			throw readFailureOf(error, wukong);
		});
		if (!isAllowed) throw permissionDenied(wukong, undefined);
	};

	/** Sends a verb. @returns false where the VM is not as the verb needs it */
	const send = async (wukong: Wukong, { ref }: Machine, call: Call): Promise<boolean> => {
		try {
			await api.put(call.subresource, ref, call);
			return true;
		} catch (error) {
			const failure = verbFailureOf(error, wukong, call.isDryRun);
			if (failure === undefined) return false;
			throw failure;
		}
	};

	/**
	 * Returns the VM when it is observed to be as a pause or a resume has made it, or as it is after a
	 * second. The action is done by then: nothing fails any more.
	 */
	const observedAfter = async (
		wukong: Wukong,
		action: Action,
		{ signal, remainingMs }: WriteOptions,
	): Promise<Wukong> => {
		let latest = wukong;
		// A restart may take minutes, and where KubeVirt is not observed nothing would come.
		if (action.kind === "restart" || wukong.status?.kubevirtStatus === "") return latest;
		try {
			for (const waitMs of looksAfterMs) {
				if ((remainingMs?.() ?? Number.POSITIVE_INFINITY) < waitMs + answerTimeMs) break;
				await sleep(clock, waitMs, signal);
				const next = await read(wukong, signal);
				// By now its name may be another's.
				if (next.uid !== wukong.uid) break;
				latest = next;
				const isPaused = latest.status?.powerState === WukongStatus_PowerState.PAUSED;
				if (isPaused === (action.kind === "pause")) break;
			}
		} catch {
			// The caller has left, or the API server is away.
		}
		return latest;
	};

	return {
		async act(ref, action, options) {
			const { check, signal, validateOnly } = options;
			const impersonation = impersonate(options);
			for (let tries = 1; ; tries++) {
				const wukong = await read(ref, signal);
				check(wukong);
				if (tries === 1) await checkServed(ref, signal);
				const machine = await look(wukong, signal);
				if (judgeAction(action, wukong, machine) === "done") {
					return { wukong, changed: action.kind === "restart" };
				}
				signal.throwIfAborted();
				// Judged to be sent, so there is one.
				const { ref: machineRef } = machine as Machine;
				const call: Call = { ...verbOf(action, validateOnly), impersonation };
				if (validateOnly && call.body === undefined) {
					const ask = { impersonation, signal };
					await checkAllowed(wukong, [call.subresource, machineRef, ask]);
					return { wukong, changed: true };
				}
				if (await send(wukong, machine as Machine, call)) {
					const isDone = !validateOnly;
					return {
						wukong: isDone ? await observedAfter(wukong, action, options) : wukong,
						changed: true,
					};
				}
				if (tries === maxTries) throw versionConflict(wukongKind, ref, {});
				await sleep(clock, random() * retryWaitMs * 2 ** tries, signal);
			}
		},
		async stop(wukong, gracePeriodMs, options) {
			const { signal, validateOnly } = options;
			const impersonation = impersonate(options);
			await checkServed(wukong, signal);
			const machine = await look(wukong, signal);
			if (machine?.instance === undefined) return;
			const body = { gracePeriod: Math.ceil(gracePeriodMs / 1_000), ...dryRunOf(validateOnly) };
			const subresource = { plural: "virtualmachines", verb: "stop" } as const;
			// A refusal says that it is off, or that its time is no longer than this.
			const call = { subresource, body, isDryRun: validateOnly, impersonation };
			await send(wukong, machine, call);
		},
	};
}

/** One call of a verb. */
interface Verb {
	readonly subresource: Subresource;
	/** Undefined: none, and so no dry run. */
	readonly body: JsonObject | undefined;
	readonly isDryRun: boolean;
}

/** A verb as it is sent. */
interface Call extends Verb {
	/** Whose it is; undefined: the service's. */
	readonly impersonation: HeaderFields | undefined;
}

function verbOf(action: Action, isDryRun: boolean): Verb {
	const instance = (verb: string, body: JsonObject | undefined): Verb => ({
		subresource: { plural: "virtualmachineinstances", verb },
		body,
		isDryRun,
	});
	if (action.kind === "pause") return instance("pause", dryRunOf(isDryRun));
	if (action.kind === "resume") return instance("unpause", dryRunOf(isDryRun));
	switch (action.mode) {
		case "soft":
			return instance("softreboot", undefined);
		case "reset":
			return instance("reset", undefined);
		case "graceful":
		case "force":
			return {
				subresource: { plural: "virtualmachines", verb: "restart" },
				// A dry run with a grace period would end the VM's pod all the same.
				body: {
					...dryRunOf(isDryRun),
					...(action.mode === "force" && !isDryRun && { gracePeriodSeconds: 0 }),
				},
				isDryRun,
			};
	}
}

/** KubeVirt reads it from the body; the query is not passed on to it. */
function dryRunOf(isDryRun: boolean): JsonObject {
	return isDryRun ? { dryRun: ["All"] } : {};
}

const never = new AbortController().signal;

/**
 * Gives a stop its grace period, which the Wukong has no field for. The wish is written first: an
 * operator that is not told puts the VM back on. What can be known to fail is known before that, by a
 * dry run.
 */
export function createGracePeriods(actions: Actions): EditCompanion<Wukong, Edit> {
	return {
		async check({ gracePeriodMs }, current, options) {
			if (gracePeriodMs === undefined) return;
			await actions.stop(current, gracePeriodMs, { ...options, validateOnly: true });
		},
		async finish({ gracePeriodMs }, current, options, isWritten) {
			if (gracePeriodMs === undefined || options.validateOnly) return;
			try {
				// What is begun is completed, even if the caller has left.
				await actions.stop(current, gracePeriodMs, { ...options, signal: never });
			} catch (error) {
				// The wish is stored: nothing else may be said than that the rest is not known.
				throw isWritten ? outcomeUnknown(current, error) : error;
			}
		},
	};
}
