import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { ErrorReason, Failure } from "../../../failure.ts";
import { notSupported, wukongNotRunning } from "../../../resource/wukong/failures.ts";
import { wantedOn } from "../../../resource/wukong/power-state.ts";
import type { Action, RestartMode } from "../../store.ts";
import type { Machine } from "./machine.ts";

/** Phases of a run that is over. */
const finalPhases = new Set(["Succeeded", "Failed"]);

/**
 * Judges an action by what the API server has: "send" it, or it is "done" already. KubeVirt has the
 * last word, but its refusals are all of one type, 409: why it refused is told from here.
 * @throws WUKONG_NOT_RUNNING; NOT_SUPPORTED
 */
export function judgeAction(
	action: Action,
	wukong: Wukong,
	machine: Machine | undefined,
): "send" | "done" {
	const { instance } = machine ?? {};
	if (machine === undefined || instance === undefined || instance.isEnding) {
		if (action.kind === "restart" && isRestarting(machine)) return underWay(action.mode, wukong);
		throw wukongNotRunning(wukong);
	}
	switch (action.kind) {
		case "pause":
		case "resume":
			if (instance.phase !== "Running") throw wukongNotRunning(wukong);
			return instance.isPaused === (action.kind === "pause") ? "done" : "send";
		case "restart":
			return judgeRestart(action.mode, wukong, machine, instance);
	}
}

function judgeRestart(
	mode: RestartMode,
	wukong: Wukong,
	machine: Machine,
	{ phase, isPaused }: NonNullable<Machine["instance"]>,
): "send" | "done" {
	if (mode === "soft" || mode === "reset") {
		if (phase !== "Running") throw wukongNotRunning(wukong);
		if (isPaused) throw paused(wukong);
		return "send";
	}
	// KubeVirt restarts nothing that is told to be off.
	if (finalPhases.has(phase) || !wantedOn(wukong.spec)) throw wukongNotRunning(wukong);
	if (isRestarting(machine)) return underWay(mode, wukong);
	if (machine.pending.includes("Stop")) throw wukongNotRunning(wukong);
	return "send";
}

/** Checks for a restart that KubeVirt was told of and has not begun; a second one is an error to it. */
function isRestarting(machine: Machine | undefined): boolean {
	return machine?.pending.includes("Start") ?? false;
}

/**
 * Answers for a restart while another is under way, which KubeVirt refuses as an internal error. That
 * is what was asked for, unless it was to be quicker.
 */
function underWay(mode: RestartMode, wukong: Wukong): "done" {
	if (mode === "graceful") return "done";
	if (mode !== "force") throw wukongNotRunning(wukong);
	throw notSupported(wukong, "KubeVirt cannot hurry a restart that is under way already");
}

function paused({ namespace, name }: Wukong): Failure {
	return new Failure(
		ErrorReason.WUKONG_NOT_RUNNING,
		`the Wukong ${name} is paused; resume it, or restart it by force`,
		{ object: { namespace, name } },
	);
}
