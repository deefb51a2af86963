import type { Unstructured } from "../../server/src/store/kubernetes/unstructured.ts";
import type { MachineHand } from "../cluster/kubevirt/machine-hand.ts";
import { createMachineWriter } from "../cluster/kubevirt/machine-writer.ts";
import type { KnownChange } from "../cluster/rolling/cluster-history.ts";

/** A way to the objects that leads past the service and past all faults. */
export interface Hand {
	create(name: string, labels: Record<string, string>): Promise<void>;
	/** Replaces the labels that it names. */
	label(name: string, labels: Record<string, string>): Promise<void>;
	remove(name: string): Promise<void>;
	/** All objects as they are now. */
	objects(): Promise<readonly Unstructured[]>;
	/** Each change that has happened since the beginning, in order; may be behind for a moment. */
	readonly changes: readonly KnownChange[];
	/** KubeVirt's part; undefined: the cluster has none. */
	readonly machines: MachineHand | undefined;
}

/** Few names, so that changes meet: most lives are short, and names come again. */
const names = Array.from({ length: 8 }, (_, index) => `vm-${index}`);

/** Does one thing at random after the other, to a Wukong, to its VM or to its run. */
export function createRandomWriter(hand: Hand, random: () => number): () => Promise<void> {
	const { machines } = hand;
	const machineWriter = machines && createMachineWriter(machines, random);
	let number = 0;
	return async () => {
		const name = names[Math.floor(random() * names.length)] as string;
		const labels = { number: String(++number) };
		const there = (await hand.objects()).find(({ metadata }) => metadata.name === name);
		if (machineWriter !== undefined && random() < 0.6) {
			await machineWriter.move(name, there?.metadata.uid);
			// One more at once: the telling of the second may be withheld.
			if (random() < 0.3) await machineWriter.move(name, there?.metadata.uid);
			return;
		}
		if (there === undefined) return hand.create(name, labels);
		const dice = random();
		if (dice < 0.5) return hand.label(name, labels);
		await hand.remove(name);
		if (dice < 0.75) await hand.create(name, labels);
	};
}
