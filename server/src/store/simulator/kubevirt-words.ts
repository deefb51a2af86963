import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { WukongStatus } from "@novasphere/wukong-gen/wukong";
import type { findingsOf, Step } from "./phases.ts";

/** What KubeVirt's `printableStatus` is at each step; empty: there is no VM. */
const printableStatus: { readonly [S in Step]: string } = {
	new: "",
	pending: "Provisioning",
	creating: "Starting",
	running: "Running",
	paused: "Paused",
	stopping: "Stopping",
	restarting: "Stopping",
	stopped: "Stopped",
	failed: "",
};

/** The part of a status that KubeVirt is the source of. */
export type KubeVirtWords = Pick<
	WukongStatus,
	"kubevirtStatus" | "powerReason" | "powerMessage" | "powerSince"
>;

/**
 * Returns what KubeVirt would say of a VM at a step, for a store that has none beside it.
 * @param findings of the operator, at the same step
 * @param sinceMs when the step began, in milliseconds since 1970
 */
export function kubevirtWords(
	step: Step,
	findings: ReturnType<typeof findingsOf>,
	sinceMs: number,
): KubeVirtWords {
	// An error's reason is in whichever condition explains it.
	const type = step === "failed" ? "VolumesBound" : "Ready";
	const finding = findings.find((one) => one.type === type);
	return {
		kubevirtStatus: printableStatus[step],
		powerReason: finding?.reason ?? "",
		powerMessage: finding?.message ?? "",
		powerSince: timestampFromMs(sinceMs),
	};
}

/** Returns the step at which KubeVirt says what a status says. */
export function stepOfWords(status: WukongStatus | undefined): Step {
	const { kubevirtStatus = "", powerReason = "" } = status ?? {};
	if (kubevirtStatus === "") return "pending";
	if (powerReason === "Restarting") return "restarting";
	const found = Object.entries(printableStatus).find(([, word]) => word === kubevirtStatus);
	return (found?.[0] ?? "pending") as Step;
}
