import type { FakeApiStore } from "../support/fake-api-store.ts";
import type { Hand } from "./hand.ts";

const namespace = "default";

/** Characters of several bytes, which a chunk may end in the midst of. */
const annotations = { note: "悟空" };

/** A hand in a fake API server. */
export function createFakeHand(store: FakeApiStore): Hand {
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
			return store.events.map(({ type, raw }) => ({
				type,
				uid: raw.metadata.uid,
				version: raw.metadata.resourceVersion,
			}));
		},
	};
}
