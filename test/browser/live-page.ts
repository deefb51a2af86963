// Runs in the browser: live lists and watches of the web client. The scenarios drive it.
import {
	createWukongClient,
	keyOf,
	type LiveSnapshot,
	type WatchQuery,
	type WukongClientOptions,
} from "../../web-client/src/index.ts";

/** One list, as the page shows it. */
export interface ShownList {
	readonly status: string;
	/** Every status so far, without repetitions. */
	readonly statuses: readonly string[];
	/** Versions by `namespace/name`. */
	readonly held: Record<string, string>;
	/** More rows than VMs. */
	readonly hasDoubles: boolean;
	/** A whole list was followed by one that had lost its rows for a moment. */
	readonly flickered: boolean;
	readonly error: string;
}

/** What the page offers to the scenarios. All of it is JSON, so that any driver can call it. */
export interface LivePage {
	/** Makes a client, with what of its options is JSON. */
	use(options: object): void;
	/** Shows one more list. @returns its number */
	follow(query: WatchQuery): number;
	shown(list: number): ShownList;
	/** Stops a VM. @returns whether it was answered within the client's deadline */
	stop(name: string): Promise<boolean>;
	/** Waits, over a watch, until it is known whether a VM exists. */
	exists(name: string): Promise<boolean>;
	/** Opens watches and ends each after its first event, in one of the ways. */
	openAndEnd(way: "break" | "abort" | "close" | "dispose", times: number): Promise<void>;
	/** Lets the machine sleep: the wall clock jumps, and the page is seen again. */
	wakeAfter(sleptMs: number): void;
	/** Tells the page what the machine would say of its network. */
	hear(news: "online" | "offline"): void;
	/** Closes the client. */
	close(): void;
	/** Rejections that nobody handled, errors that nobody caught, and what was written to the console. */
	complaints(): readonly string[];
}

let client = createWukongClient();
const lists: { statuses: string[]; last: LiveSnapshot | undefined; flickered: boolean }[] = [];
const complaints: string[] = [];
addEventListener("unhandledrejection", ({ reason }) => complaints.push(String(reason)));
addEventListener("error", ({ message }) => complaints.push(message));
for (const level of ["error", "warn"] as const) {
	console[level] = (...words: unknown[]) => complaints.push(words.join(" "));
}

const page: LivePage = {
	use(options) {
		client = createWukongClient(options as WukongClientOptions);
	},
	follow(query) {
		const list: (typeof lists)[0] = { statuses: [], last: undefined, flickered: false };
		lists.push(list);
		client.liveList(query).subscribe((snapshot) => {
			const before = list.last?.items.length ?? 0;
			if (list.statuses.at(-1) !== snapshot.status) list.statuses.push(snapshot.status);
			if (before > 1 && snapshot.items.length === 0) list.flickered = true;
			list.last = snapshot;
		});
		return lists.length - 1;
	},
	shown(number) {
		const { statuses = [], last, flickered = false } = lists[number] ?? {};
		const rows = (last?.items ?? []).map((vm) => [keyOf(vm), vm.resourceVersion] as const);
		return {
			status: last?.status ?? "",
			statuses,
			held: Object.fromEntries(rows),
			hasDoubles: new Set(rows.map(([key]) => key)).size !== rows.length,
			flickered,
			error: String(last?.error ?? ""),
		};
	},
	async stop(name) {
		return client.stop(name).then(
			() => true,
			() => false,
		);
	},
	async exists(name) {
		return (await client.waitFor(name, () => true)) !== undefined;
	},
	async openAndEnd(way, times) {
		for (let time = 0; time < times; time++) {
			const controller = new AbortController();
			if (way === "dispose") {
				await using watch = client.watch();
				await watch[Symbol.asyncIterator]().next();
				continue;
			}
			const watch = client.watch({}, { signal: controller.signal });
			for await (const _event of watch) {
				if (way === "break") break;
				if (way === "abort") controller.abort();
				if (way === "close") void watch.close();
			}
		}
	},
	wakeAfter(sleptMs) {
		const { now } = Date;
		Date.now = () => now() + sleptMs;
		// A tab that a driver has opened may be behind others.
		Object.defineProperty(document, "hidden", { value: false, configurable: true });
		document.dispatchEvent(new Event("visibilitychange"));
	},
	hear: (news) => void dispatchEvent(new Event(news)),
	close: () => client.close(),
	complaints: () => complaints,
};

Object.assign(globalThis, { livePage: page });
