import { afterEach, describe, expect, test } from "vitest";
import type {
	Change,
	ChangeFeed,
	KindIndex,
	Sink,
} from "../../../../server/src/store/change-feed.ts";
import { createReplica } from "../../../../server/src/watch/replica.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { createCountingObserver, filterOf } from "../../../support/watching.ts";
import { messages } from "./reader.ts";
import { absent, joinVm, type Source, type Vm } from "./truth.ts";

/** Changes of each kind that are kept. */
const maxChanges = 10;
const filter = filterOf();
const ends: (() => void)[] = [];
afterEach(() => {
	for (const end of ends.splice(0)) end();
});

/** A replica of the VMs a and b, at 10~20~30, whose store a test plays. */
async function stage(limits: { readonly maxBytes?: number } = {}) {
	const clock = createFakeClock();
	const observer = createCountingObserver();
	const held = new Map<string, readonly Source[]>();
	const own = (name: string, label: string) => ({
		uid: name === "a" ? 1 : 2,
		state: "C",
		spec: 0,
		label,
	});
	for (const name of ["a", "b"]) {
		const { uid } = own(name, "x");
		const machine = { uid, state: "s", spec: 0, label: "" };
		held.set(name, [
			{ version: 10n, object: own(name, "x") },
			{ version: 20n, object: machine },
			absent,
		]);
	}
	const heads = [10n, 20n, 30n];
	let sink: Sink<Vm> | undefined;
	const viewOf = (name: string) => joinVm(name, held.get(name) ?? []);
	const feed: ChangeFeed<Vm> = {
		exactVersions: false,
		async start(to) {
			sink = to;
			const objects = ["a", "b"].map((name) => viewOf(name) as Vm);
			const joined = [20n, 30n].map((head) => ({ head, base: head }));
			to.load({ objects, head: 10n, base: 10n, history: [], joined });
		},
		freshness: () => ({ lagMs: 0, staleSinceMs: undefined }),
		newestVersion: async () => 0n,
		join: (sources) => {
			const [wukong] = sources as readonly Source[];
			return joinVm(wukong?.object?.uid === 1 ? "a" : "b", sources as readonly Source[]);
		},
	};
	const historyLimits = { maxChanges, maxAgeMs: 1e12, maxBytes: limits.maxBytes ?? 1e9 };
	const replica = createReplica({
		...{ feed, events: messages, clock, observer, historyLimits, maxStreams: 10 },
	});
	await replica.start();
	const change = (kind: KindIndex, name: string, object: Source["object"]) => {
		const before = held.get(name) ?? [absent, absent, absent];
		const previous = viewOf(name);
		const version = (heads[kind] ?? 0n) + 1n;
		heads[kind] = version;
		const source = object === undefined ? absent : { version, object };
		const after = before.map((one, at) => (at === kind ? source : one));
		held.set(name, after);
		const joined = viewOf(name);
		// Of a Wukong that is not there it is no change.
		if (joined === undefined && previous === undefined) return sink?.advance(version, kind);
		const told: Change<Vm> = {
			...{ kind, version, resumeVersion: version, timeMs: clock.nowMs(), previous },
			...{ object: (joined ?? previous) as Vm, deleted: joined === undefined },
			...{ sources: after, previousSources: before },
		};
		sink?.append([told]);
	};
	const setLabel = (name: string, label: string) => change(0, name, own(name, label));
	const setMachine = (name: string, state: string) =>
		change(1, name, { uid: own(name, "").uid, state, spec: 0, label: "" });
	return {
		...{ observer, heads, setLabel, setMachine },
		remove: (name: string) => change(0, name, undefined),
		/** One kind has more changes than are kept, all of b. */
		flood(kind: 0 | 1) {
			for (let count = 0; count < 3 * maxChanges; count++) {
				if (kind === 0) setLabel("b", `x${count}`);
				else setMachine("b", `s${count}`);
			}
		},
		/** What a resume from a token says. */
		resume(resourceVersion: string): string[] {
			const stream = replica.watch({
				...{ filter, resourceVersion, minResourceVersion: "", caller: new AbortController() },
				heartbeatIntervalMs: 15_000,
			});
			ends.push(() => stream.close());
			const said: string[] = [];
			for (let [one] = stream.take(1); one !== undefined; [one] = stream.take(1)) {
				const { type, vm } = one;
				said.push(vm === undefined ? type : `${type} ${vm.name} ${vm.labels.app} ${vm.power}`);
			}
			return said;
		},
	};
}

describe("the history of each kind", () => {
	test("is its own: changes of KubeVirt's VMs, however many, push no change of a Wukong out (rule 1)", async () => {
		const { setLabel, flood, resume, heads, observer } = await stage();
		setLabel("a", "y");
		flood(1);
		expect(resume(`10~${heads[1]}~30`)).toEqual(["modified a y s-", "synced"]);
		expect(observer.resets).toEqual([]);
	});

	test("is its own: changes of Wukongs, however many, push no change of a VM out", async () => {
		const { setMachine, flood, resume, heads } = await stage();
		setMachine("a", "r");
		flood(0);
		expect(resume(`${heads[0]}~20~30`)).toEqual(["modified a x r-", "synced"]);
	});

	test("has a share of the bytes, too, that a flood of another does not take", async () => {
		const { setLabel, flood, resume, heads } = await stage({ maxBytes: 8 * 1_024 });
		setLabel("a", "y");
		flood(1);
		expect(resume(`10~${heads[1]}~30`)).toEqual(["modified a y s-", "synced"]);
	});

	test("is RESET where a token is older in the kind that turned over", async () => {
		const { flood, resume, observer } = await stage();
		flood(1);
		expect(resume("10~20~30")[0]).toBe("reset");
		expect(observer.resets).toEqual(["expired"]);
	});
});

describe("a change that is forgotten", () => {
	test("stays in the state that an earlier one of another kind tells: no VM goes back on a resume", async () => {
		const { setLabel, setMachine, flood, resume, heads } = await stage();
		setLabel("a", "y");
		setMachine("a", "r");
		flood(1);
		expect(resume(`10~${heads[1]}~30`)).toEqual(["modified a y r-", "synced"]);
	});

	test("of labels is nothing that happens once more to those who have it", async () => {
		const { setLabel, setMachine, flood, resume, heads } = await stage();
		setMachine("a", "r");
		setLabel("a", "y");
		flood(0);
		expect(resume(`${heads[0]}~20~30`)).toEqual(["modified a y r-", "synced"]);
	});

	test("and was a deletion takes what was before it along: no ghost comes back on a resume", async () => {
		const { remove, setMachine, flood, resume, heads } = await stage();
		setMachine("a", "r");
		remove("a");
		flood(0);
		expect(resume(`${heads[0]}~20~30`)).toEqual(["synced"]);
	});

	test("and was a creation is a beginning for all kinds: who lacks what came with it starts over", async () => {
		const { remove, setLabel, setMachine, flood, resume, heads, observer } = await stage();
		remove("a");
		setMachine("a", "r");
		setLabel("a", "z");
		flood(0);
		// The VM's change touched no Wukong here, and is in no history.
		expect(resume(`${heads[0]}~20~30`)[0]).toBe("reset");
		expect(observer.resets).toEqual(["expired"]);
	});
});
