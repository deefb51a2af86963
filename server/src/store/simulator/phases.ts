import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
	type Condition,
	ConditionSchema,
	type Disk,
	type Wukong,
} from "@novasphere/wukong-gen/wukong";

/**
 * The steps of a VM's life, as the operator goes through them. `restarting` is the shutdown before a
 * new start; `paused` and `restarting` come by an action only.
 */
export type Step =
	| "new"
	| "pending"
	| "creating"
	| "running"
	| "paused"
	| "stopping"
	| "restarting"
	| "stopped"
	| "failed";

/** Steps at which the guest has its addresses. */
export const runningSteps: ReadonlySet<Step> = new Set([
	"running",
	"paused",
	"stopping",
	"restarting",
]);

/** Returns the step that a status stands for; an unknown phase starts from the beginning. */
export function stepOf(wukong: Wukong): Step {
	switch (wukong.status?.phase) {
		case "Pending":
			return "pending";
		case "Creating":
			return "creating";
		case "Running":
			return poweredStepOf(wukong);
		case "Stopped":
			return "stopped";
		case "Error":
			return "failed";
		default:
			return "new";
	}
}

/** Returns the step of a VM that has power, by the reason of its condition Ready. */
function poweredStepOf(wukong: Wukong): Step {
	const found = conditionOf(wukong, "Ready");
	if (found?.status === "True") return "running";
	switch (found?.reason) {
		case ready.paused.reason:
			return "paused";
		case ready.restarting.reason:
			return "restarting";
		default:
			return "stopping";
	}
}

/** The phase that the operator writes for each step. */
export const phaseOf: { readonly [S in Step]: string } = {
	new: "",
	pending: "Pending",
	creating: "Creating",
	running: "Running",
	paused: "Running",
	stopping: "Running",
	restarting: "Running",
	stopped: "Stopped",
	failed: "Error",
};

type Words = Omit<Finding, "type">;

const ready: { readonly [S in Step]: Words } = {
	new: { status: "False", reason: "Provisioning", message: "not looked at yet" },
	pending: { status: "False", reason: "Provisioning", message: "volumes are being provisioned" },
	creating: { status: "False", reason: "Starting", message: "the VM is starting" },
	running: { status: "True", reason: "Running", message: "the VM is running" },
	paused: { status: "False", reason: "Paused", message: "the VM is frozen in memory" },
	stopping: { status: "False", reason: "Stopping", message: "the VM is shutting down" },
	restarting: {
		status: "False",
		reason: "Restarting",
		message: "the VM is shutting down, to be started again",
	},
	stopped: { status: "False", reason: "Stopped", message: "the VM is off" },
	failed: { status: "False", reason: "StorageClassNotFound", message: "a volume cannot be made" },
};

const networks: { readonly [S in Step]: Words } = {
	new: { status: "Unknown", reason: "WaitingForVolumes", message: "waiting for volumes" },
	pending: { status: "Unknown", reason: "WaitingForVolumes", message: "waiting for volumes" },
	creating: { status: "Unknown", reason: "Configuring", message: "interfaces are being set up" },
	running: { status: "True", reason: "Configured", message: "all interfaces are up" },
	// Differs from the steps before and after it, which Ready does not.
	paused: { status: "Unknown", reason: "Paused", message: "the VM is frozen in memory" },
	stopping: { status: "True", reason: "Configured", message: "all interfaces are up" },
	restarting: { status: "True", reason: "Configured", message: "all interfaces are up" },
	stopped: { status: "False", reason: "NotRunning", message: "the VM is off" },
	failed: { status: "Unknown", reason: "WaitingForVolumes", message: "waiting for volumes" },
};

/**
 * Lists the three findings of a step. Between any two steps that follow one another
 * at least one status differs, for `lastTransitionMs` relies on it; but for a restart that becomes a
 * stop, which is the same shutdown.
 * @param unbound the disk that keeps the volumes from being bound, if any.
 */
export function findingsOf(step: Step, unbound: Disk | undefined): Finding[] {
	return [
		{ type: "Ready", ...ready[step] },
		{ type: "NetworksConfigured", ...networks[step] },
		{ type: "VolumesBound", ...volumesWords(step, unbound) },
	];
}

function volumesWords(step: Step, unbound: Disk | undefined): Words {
	if (unbound !== undefined) {
		const message = `disk "${unbound.name}": storage class "${unbound.storageClassName}" does not exist`;
		return { status: "False", reason: "StorageClassNotFound", message };
	}
	if (step === "pending") {
		return { status: "Unknown", reason: "Provisioning", message: "volumes are being provisioned" };
	}
	return { status: "True", reason: "Bound", message: "all volumes are bound" };
}

/** A statement of the operator about one aspect of a VM. */
interface Finding {
	readonly type: "Ready" | "NetworksConfigured" | "VolumesBound";
	readonly status: "True" | "False" | "Unknown";
	/** One CamelCase word. */
	readonly reason: string;
	/** For people. */
	readonly message: string;
}

/** Returns one condition; undefined where there is none yet. */
function conditionOf(wukong: Wukong, type: Finding["type"]): Condition | undefined {
	return wukong.status?.conditions.find((condition) => condition.type === type);
}

/**
 * Converts findings to conditions of the Wukong's generation. The time of the last
 * transition is kept where the status stays what it was.
 */
export function conditionsOf(
	wukong: Wukong,
	findings: readonly Finding[],
	nowMs: number,
): Condition[] {
	return findings.map((finding) => {
		const before = conditionOf(wukong, finding.type);
		const next = create(ConditionSchema, {
			...finding,
			lastTransitionTime: timestampFromMs(nowMs),
			observedGeneration: wukong.generation,
		});
		if (before?.status === next.status && before.lastTransitionTime !== undefined) {
			next.lastTransitionTime = before.lastTransitionTime;
		}
		return next;
	});
}

/**
 * Returns when the operator last took a step, in milliseconds since 1970: each step of a
 * VM's life changes the status of at least one condition.
 */
export function lastTransitionMs(wukong: Wukong): number {
	return (wukong.status?.conditions ?? []).reduce(
		(latest, { lastTransitionTime: time }) =>
			time === undefined ? latest : Math.max(latest, timestampMs(time)),
		0,
	);
}
