import type { Wukong, WukongStatus } from "@novasphere/wukong-gen/wukong";
import { wantedOn } from "../../resource/wukong/power-state.ts";
import type { Action } from "../store.ts";
import { kubevirtWords, stepOfWords } from "./kubevirt-words.ts";
import type { OperatorOptions } from "./operator-options.ts";
import { findingsOf, type Step, stepOf } from "./phases.ts";
import { describe } from "./reconcile.ts";

/** What an action makes of a VM. */
export interface ActedStatus {
	/** The new status; the one that the Wukong has where nothing is to be seen of the action. */
	readonly status: WukongStatus | undefined;
	/** False: it was so already. */
	readonly changed: boolean;
}

/**
 * Plays an action, as KubeVirt does it.
 * @param nowMs wall-clock time in milliseconds since 1970
 * @returns undefined where the VM is in no state that the action needs
 */
export function act(
	wukong: Wukong,
	action: Action,
	{ nowMs, options }: { readonly nowMs: number; readonly options: OperatorOptions },
): ActedStatus | undefined {
	const isPublic = options.profile === "public-437e853";
	const step = isPublic ? stepOfWords(wukong.status) : stepOf(wukong);
	const isOn = wantedOn(wukong.spec) && wukong.deleteTime === undefined;
	if (!isOn || (step !== "running" && step !== "paused")) return undefined;
	const next = stepAfter(step, action);
	if (next === undefined) return undefined;
	if (next === step) return { status: wukong.status, changed: action.kind === "restart" };
	// The public operator hears nothing of it.
	const status = isPublic
		? wukong.status && {
				...wukong.status,
				...kubevirtWords(next, findingsOf(next, undefined), nowMs),
			}
		: describe(wukong, next, { nowMs, options });
	return { status, changed: true };
}

/** Returns the step after an action; undefined where it needs another one before. */
function stepAfter(step: "running" | "paused", action: Action): Step | undefined {
	switch (action.kind) {
		case "pause":
			return "paused";
		case "resume":
			return "running";
		case "restart":
			switch (action.mode) {
				case "graceful":
					// What is frozen cannot shut down: its power is cut.
					return step === "paused" ? "creating" : "restarting";
				case "force":
					return "creating";
				default:
					// The guest reboots where it runs: nothing is to be seen of it from outside.
					return step === "running" ? "running" : undefined;
			}
	}
}
