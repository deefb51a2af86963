/** What tabs of one origin have to agree with: Web Locks and BroadcastChannel, or a test's doubles. */
export interface Tabs {
	readonly locks: Pick<LockManager, "request">;
	createChannel(name: string): BroadcastChannel;
}

/** The page's own; undefined where it lacks one, as cleartext pages of other hosts lack locks. */
export function pageTabs(): Tabs | undefined {
	const locks = globalThis.navigator?.locks;
	if (locks === undefined || typeof BroadcastChannel === "undefined") return undefined;
	return { locks, createChannel: (name) => new BroadcastChannel(name) };
}
