import type {
	ListCause,
	Trouble,
	UpstreamObserver,
	WriteObserver,
} from "../../server/src/store/kubernetes/upstream-observer.ts";

/** A list of all objects of a kind. */
export interface TalliedList {
	readonly cause: ListCause;
	/** As paths have it. */
	readonly kind: string;
}

/** Counts what the list and watch loops of a replica do. */
export interface UpstreamTally extends UpstreamObserver, WriteObserver {
	/** Each list of all objects that was read, and why. */
	readonly lists: readonly TalliedList[];
	readonly troubles: ReadonlySet<Trouble>;
	/** Watches that were opened. */
	readonly watches: number;
	/** Writes that were answered before reads showed them. */
	readonly unseen: number;
	/** The newest trouble is over. */
	readonly isWell: boolean;
}

export function createUpstreamTally(): UpstreamTally {
	const lists: TalliedList[] = [];
	const troubles = new Set<Trouble>();
	let watches = 0;
	let unseen = 0;
	let isWell = true;
	return {
		lists,
		troubles,
		get watches() {
			return watches;
		},
		get unseen() {
			return unseen;
		},
		get isWell() {
			return isWell;
		},
		listed: (cause, kind) => void lists.push({ cause, kind }),
		watchOpened: () => void watches++,
		watchEnded() {},
		answeredUnseen: () => void unseen++,
		troubled(trouble) {
			troubles.add(trouble);
			isWell = false;
		},
		recovered() {
			isWell = true;
		},
	};
}
