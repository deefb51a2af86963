import type {
	ListCause,
	Trouble,
	UpstreamObserver,
	WriteObserver,
} from "../../server/src/store/kubernetes/upstream-observer.ts";

/** Counts what one list and watch loop does. */
export interface UpstreamTally extends UpstreamObserver, WriteObserver {
	/** Why each list of all objects was read. */
	readonly lists: readonly ListCause[];
	readonly troubles: ReadonlySet<Trouble>;
	/** Watches that were opened. */
	readonly watches: number;
	/** Writes that were answered before reads showed them. */
	readonly unseen: number;
	/** The newest trouble is over. */
	readonly isWell: boolean;
}

export function createUpstreamTally(): UpstreamTally {
	const lists: ListCause[] = [];
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
		listed: (cause) => void lists.push(cause),
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
