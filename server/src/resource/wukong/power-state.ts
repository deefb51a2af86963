import { create } from "@bufbuild/protobuf";
import {
	StartStrategySchema,
	type Wukong,
	type WukongSpec,
	WukongSpecSchema,
	WukongStatus_PowerState,
} from "@novasphere/wukong-gen/wukong";

/**
 * Reads the power wish as the operator does: an absent start strategy means on, a
 * strategy that is present without auto_start means off.
 */
export function wantedOn(spec: WukongSpec | undefined): boolean {
	return spec?.startStrategy === undefined || spec.startStrategy.autoStart === true;
}

/** Returns a spec with the power wish written out, so that equal wishes are equal specs. */
export function effectiveSpec(spec: WukongSpec | undefined): WukongSpec {
	return {
		...(spec ?? create(WukongSpecSchema)),
		startStrategy: {
			...(spec?.startStrategy ?? create(StartStrategySchema)),
			autoStart: wantedOn(spec),
		},
	};
}

/** Known phases besides Error; any other phase of the operator is UNKNOWN. */
const knownPhases = new Set(["", "Pending", "Creating", "Running", "Stopped"]);

/** Phases that say what a word of KubeVirt's `printableStatus` does. */
const phaseOfWord: ReadonlyMap<string, string> = new Map([
	["Provisioning", "Pending"],
	["Starting", "Creating"],
	["Running", "Running"],
	["Paused", "Running"],
	["Stopping", "Running"],
	["Stopped", "Stopped"],
]);

/**
 * Derives the power state from the wish and the operator's phase: the first row
 * that fits in the contract's table. STOPPED is never reported before it is observed. Where status
 * says a word of KubeVirt's, as that of the embedded store does, it comes before the phase.
 */
export function powerStateOf(wukong: Wukong): WukongStatus_PowerState {
	const word = wukong.status?.kubevirtStatus ?? "";
	const phase = phaseOfWord.get(word) ?? wukong.status?.phase ?? "";
	if (wukong.deleteTime !== undefined) return towardsOff(phase);
	if (phase === "Error") return WukongStatus_PowerState.ERROR;
	if (!knownPhases.has(phase)) return WukongStatus_PowerState.UNKNOWN;
	if (!wantedOn(wukong.spec)) return towardsOff(phase);
	if (word === "Paused") return WukongStatus_PowerState.PAUSED;
	if (word === "Stopping") return WukongStatus_PowerState.STOPPING;
	return phase === "Running" ? WukongStatus_PowerState.RUNNING : WukongStatus_PowerState.STARTING;
}

function towardsOff(phase: string): WukongStatus_PowerState {
	return phase === "Stopped" ? WukongStatus_PowerState.STOPPED : WukongStatus_PowerState.STOPPING;
}
