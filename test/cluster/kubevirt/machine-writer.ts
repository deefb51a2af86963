import type { JsonObject } from "@bufbuild/protobuf";
import type { Unstructured } from "../../../server/src/store/kubernetes/unstructured.ts";
import type { KubeVirtPlural } from "./kubevirt-objects.ts";
import type { MachineHand } from "./machine-hand.ts";

/** Words of KubeVirt for a VM, in which each change is one that callers see. */
const words = [
	"Stopped",
	"Starting",
	"Running",
	"Paused",
	"Migrating",
	"Stopping",
	"CrashLoopBackOff",
	"ErrorUnschedulable",
];

/** Phases of a run. */
const phases = ["Pending", "Scheduling", "Running", "Succeeded", "Failed"];

/** Makes the VMs of some Wukongs and their runs move: one thing at random after the other. */
export interface MachineWriter {
	/** Does one thing to the VM of a Wukong, or to its run. @param uid of the Wukong that there is now */
	move(name: string, uid: string | undefined): Promise<void>;
}

/**
 * VMs go without their Wukongs and stay behind them, and some belong to nobody or go by their name: what
 * the operator and KubeVirt leave behind in the worst case.
 * @param random from 0 to below 1
 */
export function createMachineWriter(hand: MachineHand, random: () => number): MachineWriter {
	let number = 0;
	const chance = (share: number) => random() < share;
	const one = async (plural: KubeVirtPlural, name: string) =>
		(await hand.objects(plural)).find(({ metadata }) => metadata.name === name);
	const other = (list: readonly string[], current: unknown) => {
		const others = list.filter((it) => it !== current);
		return others[Math.floor(random() * others.length)] ?? "";
	};
	const statusOf = ({ status }: Unstructured) => (status ?? {}) as JsonObject;
	/** An instance's status, in which a node is named that was not named before. */
	const phase = (current?: unknown) => ({
		phase: other(phases, current),
		nodeName: `node-${++number}`,
	});
	const sayOfRun = async (name: string, run: Unstructured) =>
		hand.say("virtualmachineinstances", name, phase(statusOf(run).phase));
	const sayOfVm = async (name: string, vm: Unstructured) => {
		const { printableStatus } = statusOf(vm);
		await hand.say("virtualmachines", name, {
			printableStatus: other(words, printableStatus),
			created: chance(0.5),
		});
	};

	return {
		async move(name, uid) {
			const machine = `${name}-vm`;
			const vm = await one("virtualmachines", machine);
			if (vm === undefined) {
				const owner = chance(0.1) ? undefined : chance(0.05) ? "nobody" : uid;
				await hand.create("virtualmachines", machine, owner);
				await hand.say("virtualmachines", machine, { printableStatus: other(words, "") });
				return;
			}
			if (chance(0.12)) return hand.remove("virtualmachines", machine);
			const run = await one("virtualmachineinstances", machine);
			if (chance(0.5)) return sayOfVm(machine, vm);
			if (run === undefined) {
				const owner = chance(0.1) ? undefined : vm.metadata.uid;
				await hand.create("virtualmachineinstances", machine, owner);
				return hand.say("virtualmachineinstances", machine, phase());
			}
			if (chance(0.2)) return hand.remove("virtualmachineinstances", machine);
			await sayOfRun(machine, run);
		},
	};
}
