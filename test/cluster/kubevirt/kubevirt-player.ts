import type { Document, KubeApi } from "../kube-api.ts";
import { wukongPath } from "../wukong-resource.ts";
import { type KubeVirtPlural, kubevirtPath } from "./kubevirt-objects.ts";

/** A condition as KubeVirt writes it. */
interface Condition {
	readonly type: string;
	readonly status: "True" | "False";
	readonly reason?: string;
	readonly message?: string;
}

/**
 * Plays what the operator and KubeVirt do with one VM, by hand and in one step each: nothing moves by
 * itself. The operator's part is its public commit 437e853: it says Running when the VM runs, and
 * never says anything else after that.
 */
export interface KubeVirtPlayer {
	/** Name of the VM and its instance. */
	readonly name: string;
	/** The operator sees the Wukong and makes a VM of it, which is off. */
	create(running: boolean): Promise<void>;
	/** An instance comes: Pending, then Scheduling. */
	start(): Promise<void>;
	/** The instance runs, and the operator says so for ever. */
	run(): Promise<void>;
	/** KubeVirt says this word of the VM. */
	say(printableStatus: string, conditions?: readonly Condition[]): Promise<void>;
	/** The instance says this. */
	sayOfInstance(status: Document): Promise<void>;
	/** Tells KubeVirt to have the VM on or off, as `virtctl` and the operator do. */
	tell(running: boolean): Promise<void>;
	/** The guest has shut down: the instance ends, goes, and the VM is Stopped. */
	goOff(): Promise<void>;
	/** The instance is gone. */
	dropInstance(): Promise<void>;
	/** The VM is gone, and its instance. */
	drop(): Promise<void>;
	/** The operator writes this into the Wukong's status. */
	report(status: Document): Promise<void>;
	/** The operator clears its finalizer, which the public one does not do. */
	release(): Promise<void>;
}

/** Creates what plays the VM of a Wukong. @param admin who may write all of it */
export function createKubeVirtPlayer(
	admin: KubeApi,
	wukong: { readonly namespace: string; readonly name: string; readonly uid: string },
): KubeVirtPlayer {
	const { namespace, uid } = wukong;
	const name = `${wukong.name}-vm`;
	const pathOf = (plural: KubeVirtPlural) => kubevirtPath(plural, namespace, name);
	let vmUid = "";
	let phases: Document[] = [];

	const make = (plural: KubeVirtPlural, kind: string, owner: Document, spec: Document) =>
		admin.expect({
			method: "POST",
			path: kubevirtPath(plural, namespace),
			body: {
				apiVersion: "kubevirt.io/v1",
				kind,
				metadata: { name, ownerReferences: [{ ...owner, controller: true }] },
				spec,
			},
		});
	const patch = (path: string, body: Document) => admin.expect({ method: "PATCH", path, body });
	const nowText = () => `${new Date().toISOString().slice(0, 19)}Z`;
	const say = (printableStatus: string, conditions: readonly Condition[] = []) =>
		patch(`${pathOf("virtualmachines")}/status`, {
			status: {
				printableStatus,
				conditions: conditions.map((one) => ({ ...one, lastTransitionTime: nowText() })),
			},
		});
	const sayOfInstance = (status: Document) =>
		patch(`${pathOf("virtualmachineinstances")}/status`, { status });
	const enter = (phase: string, status: Document = {}) => {
		phases = [...phases, { phase, phaseTransitionTimestamp: nowText() }];
		return sayOfInstance({ phase, phaseTransitionTimestamps: phases, ...status });
	};
	const setCreated = (created: boolean) =>
		patch(`${pathOf("virtualmachines")}/status`, { status: { created } });
	const remove = (plural: KubeVirtPlural) =>
		admin.expect({ method: "DELETE", path: pathOf(plural) });
	const dropInstance = async () => {
		await remove("virtualmachineinstances");
		await setCreated(false);
	};
	const path = wukongPath(namespace, wukong.name);
	const report = (status: Document) => patch(`${path}/status`, { status });
	const notReady: Condition = {
		type: "Ready",
		status: "False",
		reason: "VMINotExists",
		message: "VMI does not exist",
	};

	return {
		name,
		async create(running) {
			const owner = {
				apiVersion: "vm.novasphere.dev/v1alpha1",
				kind: "Wukong",
				name: wukong.name,
				uid,
			};
			const made = await make("virtualmachines", "VirtualMachine", owner, { running });
			vmUid = made.metadata.uid;
			await say("Stopped", [notReady]);
			await report({ phase: "Creating" });
		},
		async start() {
			const owner = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name, uid: vmUid };
			phases = [];
			await make("virtualmachineinstances", "VirtualMachineInstance", owner, {});
			await setCreated(true);
			await enter("Pending");
			await say("Starting", [{ type: "Ready", status: "False", reason: "GuestNotRunning" }]);
			await enter("Scheduling");
		},
		async run() {
			await enter("Running", {
				nodeName: "node-1",
				interfaces: [{ name: "lan", ipAddress: "10.0.0.1", mac: "02:00:00:00:00:01" }],
			});
			await say("Running", [{ type: "Ready", status: "True" }]);
			await report({ phase: "Running", vmName: name, nodeName: "node-1" });
		},
		say,
		sayOfInstance,
		tell: (running) => patch(pathOf("virtualmachines"), { spec: { running } }),
		async goOff() {
			await say("Stopping", [{ type: "Ready", status: "False", reason: "GuestNotRunning" }]);
			await enter("Succeeded");
			await dropInstance();
			await say("Stopped", [notReady]);
		},
		dropInstance,
		async drop() {
			await remove("virtualmachineinstances").catch(() => {});
			await remove("virtualmachines");
		},
		report,
		async release() {
			await patch(path, { metadata: { finalizers: null } });
		},
	};
}
