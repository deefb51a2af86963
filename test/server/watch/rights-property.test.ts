import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isNone, type Namespaces } from "../../../server/src/auth/authorizer.ts";
import { createRightsGuards } from "../../../server/src/auth/rights-guards.ts";
import { ErrorReason, isFailure } from "../../../server/src/failure.ts";
import type { NamespaceSet } from "../../../server/src/resource/namespace-set.ts";
import { keyOf } from "../../../server/src/resource/object.ts";
import type { Filter } from "../../../server/src/watch/filter.ts";
import type { WatchStream } from "../../../server/src/watch/watch-stream.ts";
import { createWatchState } from "../../../web-client/src/live/watch-state.ts";
import { createFakeAuthorizer, principalOf } from "../../support/fake-authorizer.ts";
import { testSeed } from "../../support/seed.ts";
import { createStage, createStageOn, filterOf, type Stage } from "../../support/watching.ts";

const namespaces = ["a", "b", "c"];
const principals = [principalOf("ann"), principalOf("bob")];
const queries = [{}, { labelSelector: "app=web" }, { namespace: "a" }];
const readers = principals.flatMap((principal) => queries.map((query) => ({ principal, query })));

const reader = fc.nat({ max: readers.length - 1 });
const write = fc.record({
	kind: fc.constant("write" as const),
	name: fc.constantFrom("vm-0", "vm-1"),
	namespace: fc.constantFrom(...namespaces),
	app: fc.constantFrom("web", "api"),
	drop: fc.nat({ max: 3 }).map((die) => die === 0),
});
const grant = fc.record({
	kind: fc.constant("grant" as const),
	principal: fc.nat({ max: principals.length - 1 }),
	rights: fc.oneof(
		{ weight: 1, arbitrary: fc.constant("" as const) },
		{ weight: 6, arbitrary: fc.subarray(namespaces) },
	),
});
/** Reads some of what a stream has to say. */
const read = fc.record({
	kind: fc.constant("read" as const),
	reader,
	slices: fc.integer({ min: 1, max: 4 }),
});
const cut = fc.record({ kind: fc.constant("cut" as const), reader });
/** Comes again, on one of the replicas. */
const connect = fc.record({
	kind: fc.constant("connect" as const),
	reader,
	replica: fc.nat({ max: 1 }),
});
const settle = fc.record({ kind: fc.constant("settle" as const) });
const story = fc.array(
	fc.oneof(
		{ weight: 6, arbitrary: write },
		{ weight: 3, arbitrary: grant },
		{ weight: 6, arbitrary: read },
		{ weight: 2, arbitrary: cut },
		{ weight: 3, arbitrary: connect },
		{ weight: 1, arbitrary: settle },
	),
	{ maxLength: 60, size: "max" },
);
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

/** Faults that rights on streams could have; the property must find each one. */
const leaks = [
	"answers are kept when rights change",
	"the set is not in the view's key",
	"a resume across a change of rights goes on",
	"a change of rights is told of now and then",
	"an answer from before the change comes after it",
] as const;
type Leak = (typeof leaks)[number];

/** What a set is in a service with a leak. */
function leakySet(set: Namespaces, leak: Leak | undefined): Namespaces {
	if (set === "") return set;
	const of = (changed: Partial<NamespaceSet>): NamespaceSet => ({ ...set, ...changed });
	if (leak === "the set is not in the view's key") return of({ names: ["all alike"] });
	if (leak === "a resume across a change of rights goes on")
		return of({ suffix: "-sffffffffffffffff" });
	return set;
}

async function play(steps: Story, leak?: Leak): Promise<void> {
	const first = await createStage({ limits: { maxChanges: 40 } });
	const replicas = [first, await createStageOn({ ...first, limits: { maxChanges: 40 } })] as const;
	const { clock, store } = first;
	const truth = createFakeAuthorizer();
	const before = new Map<string, Namespaces>();
	let tellings = 0;
	const authorizer: typeof truth = {
		...truth,
		namespacesOf(principal, verb) {
			const now = truth.namespacesOf(principal, verb);
			if (now instanceof Promise) return now.then((late) => leakySet(late, leak));
			const kept = before.get(principal.name);
			before.set(principal.name, now);
			const isKept = leak === "answers are kept when rights change" && kept !== undefined;
			if (isKept) before.set(principal.name, kept);
			return leakySet(isKept ? kept : now, leak);
		},
		onChange(callback) {
			return truth.onChange(() => {
				tellings++;
				if (leak === "a change of rights is told of now and then" && tellings % 3 !== 0) return;
				// The next change finds what this one should have.
				if (leak === "an answer from before the change comes after it" && tellings % 2 === 0)
					return;
				callback();
			});
		},
	};
	const guards = createRightsGuards(authorizer);
	const mayRead = (name: string, namespace: string) => {
		const rights = rightsOf.get(name) ?? [];
		return rights === "" || rights.includes(namespace);
	};
	const rightsOf = new Map<string, "" | readonly string[]>();
	const allow = (name: string, rights: "" | readonly string[]) => {
		rightsOf.set(name, rights);
		truth.allow(name, rights);
	};
	for (const { name } of principals) allow(name, ["a", "b"]);

	const clients = readers.map(({ principal, query }) => {
		const state = createWatchState();
		let stream: WatchStream<WukongEvent> | undefined;
		let isDenied = false;
		const leave = () => {
			stream?.close();
			stream = undefined;
		};
		const filterNow = (): Filter | undefined => {
			if (query.namespace !== undefined) {
				return mayRead(principal.name, query.namespace) ? filterOf(query) : undefined;
			}
			const set = authorizer.namespacesOf(principal, "watch");
			if (set instanceof Promise || isNone(set)) return undefined;
			return { ...filterOf(query), namespace: set };
		};
		return {
			principal,
			query,
			state,
			leave,
			connect({ watch }: Stage) {
				leave();
				const filter = filterNow();
				isDenied = filter === undefined;
				if (filter === undefined) return;
				const resourceVersion = state.token;
				state.connect();
				const question = { verb: "watch", namespace: query.namespace ?? "", name: "" } as const;
				const guard =
					query.namespace === undefined
						? guards.guardOfAll(principal, "watch")
						: guards.guardOf(principal, question);
				stream = watch({ filter, resourceVersion, guard });
			},
			/** Reads on; false: there was nothing. */
			read(): boolean {
				if (stream === undefined) return false;
				try {
					const events = stream.take(1);
					for (const event of events) {
						const namespace = event.wukong?.namespace;
						if (namespace !== undefined && !mayRead(principal.name, namespace)) {
							throw new Error(`${principal.name} is sent an event of ${namespace}`);
						}
						state.apply(event);
					}
					return events.length > 0;
				} catch (error) {
					if (!isFailure(error)) throw error;
					expect(isFailure(error, ErrorReason.PERMISSION_DENIED)).toBe(true);
					leave();
					isDenied = true;
					return false;
				}
			},
			get isOpen() {
				return stream !== undefined;
			},
			get isDenied() {
				return isDenied;
			},
		};
	});
	const at = (index: number) => clients[index] as (typeof clients)[number];

	for (const step of steps) {
		switch (step.kind) {
			case "write":
				if (step.drop) store.drop(step.name, step.namespace);
				else store.put({ ...step, labels: { app: step.app } });
				break;
			case "grant": {
				const { name } = principals[step.principal] as (typeof principals)[number];
				allow(name, step.rights);
				break;
			}
			case "read":
				for (let count = 0; count < step.slices; count++) at(step.reader).read();
				break;
			case "cut":
				at(step.reader).leave();
				break;
			case "connect":
				at(step.reader).connect(replicas[step.replica] as Stage);
				break;
			case "settle":
				await clock.advance(1_000);
		}
	}

	for (const [index, client] of clients.entries()) {
		if (!client.isOpen) client.connect(replicas[index % 2] as Stage);
		while (client.read());
		// It was told that it may not, and may again.
		if (client.isDenied) client.connect(replicas[index % 2] as Stage);
		while (client.read());
		const filter = { ...filterOf(client.query) };
		const there = replicas[0].replica.list({
			...{ filter, pageSize: 0, pageToken: "", minResourceVersion: "" },
			caller: new AbortController(),
		});
		if (there instanceof Promise) throw new Error("a list that waits");
		const states = there.objects
			.filter(({ namespace }) => mayRead(client.principal.name, namespace))
			.map((vm) => `${keyOf(vm)} ${vm.resourceVersion}`);
		// It came last when it might read nothing, and has been told so.
		if (client.isDenied) {
			const { name } = client.principal;
			const wanted = client.query.namespace === undefined ? namespaces : [client.query.namespace];
			expect(wanted.filter((namespace) => mayRead(name, namespace))).toEqual([]);
			continue;
		}
		const held = [...client.state.held].map(([key, vm]) => `${key} ${vm.resourceVersion}`);
		expect(held.sort()).toEqual(states.sort());
		client.leave();
	}
	expect(truth.listeners).toBe(0);
	expect(replicas.map(({ observer }) => observer.open)).toEqual([0, 0]);
}

const seed = testSeed;

describe("whatever rights change, on any replica, over any resume", () => {
	test("nobody is ever sent an event of a namespace that it may not read, and each holds in the end what it may list", () =>
		fc.assert(
			fc.asyncProperty(story, (steps) => play(steps)),
			{ seed, numRuns: 300 },
		));

	test.each(leaks)("the property finds that %s", async (leak) => {
		const result = await fc.check(
			fc.asyncProperty(story, (steps) => play(steps, leak)),
			{ seed: 15, numRuns: 600, endOnFailure: true },
		);
		expect(result.failed).toBe(true);
	});
});
