import { objectAt } from "../../server/src/store/kubernetes/unstructured.ts";
import { type KubeVirtPlural, kubevirtResource } from "../cluster/kubevirt/kubevirt-objects.ts";
import { type MachineHand, machineChange } from "../cluster/kubevirt/machine-hand.ts";
import { knownChange } from "../cluster/rolling/cluster-history.ts";
import type { FakeApiServer } from "../support/fake-api-server.ts";
import type { FakeApiStore } from "../support/fake-api-store.ts";
import type { Hand } from "./hand.ts";

const namespace = "default";

/** Characters of several bytes, which a chunk may end in the midst of. */
const annotations = { note: "悟空" };

/** A hand in a fake API server. */
export function createFakeHand({ store, stores }: FakeApiServer): Hand {
	return {
		async create(name, labels) {
			store.create({ metadata: { name, labels, annotations } }, namespace, false);
		},
		async label(name, labels) {
			const { metadata, ...rest } = store.get(namespace, name);
			store.replace({ ...rest, metadata: { ...metadata, labels } }, "spec", false);
		},
		async remove(name) {
			store.remove({ namespace, name }, { preconditions: {}, dryRun: false });
		},
		objects: async () => store.list(),
		get changes() {
			return store.events.map(({ type, raw }) => knownChange(type, raw));
		},
		machines: stores.has("virtualmachines") ? createFakeMachineHand(stores) : undefined,
	};
}

function createFakeMachineHand(stores: FakeApiServer["stores"]): MachineHand {
	const of = (plural: KubeVirtPlural): FakeApiStore => {
		const store = stores.get(plural);
		if (store === undefined) throw new Error(`${plural} are not served`);
		return store;
	};
	return {
		async create(plural, name, ownerUid) {
			of(plural).create(kubevirtResource(plural, name, ownerUid), namespace, false);
		},
		async say(plural, name, status) {
			const raw = of(plural).get(namespace, name);
			const next = { ...raw, status: { ...objectAt(raw, "status"), ...status } };
			of(plural).replace(next, "status", false);
		},
		async remove(plural, name) {
			of(plural).remove({ namespace, name }, { preconditions: {}, dryRun: false });
		},
		objects: async (plural) => of(plural).list(),
		changes: (plural) => of(plural).events.map(({ type, raw }) => machineChange(type, raw)),
	};
}
