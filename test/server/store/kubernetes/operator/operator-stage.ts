import type { JsonObject } from "@bufbuild/protobuf";
import { systemClock } from "../../../../../server/src/clock.ts";
import {
	createApiClient,
	defaultApiTimings,
} from "../../../../../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	createSimulatedOperator,
	type SimulatedOperator,
} from "../../../../../server/src/store/kubernetes/operator/simulated-operator.ts";
import {
	objectAt,
	type Unstructured,
} from "../../../../../server/src/store/kubernetes/unstructured.ts";
import type { OperatorOptions } from "../../../../../server/src/store/simulator/operator-options.ts";
import { type FakeApiServer, startFakeApiServer } from "../../../../support/fake-api-server.ts";
import { createFakeClock, type FakeClock } from "../../../../support/fake-clock.ts";
import { silentUpstream } from "../../../../support/silent-upstream.ts";
import { until } from "../../../../support/until.ts";

/** How long each step takes here, in milliseconds. */
export const life = { pendingMs: 100, creatingMs: 500, stoppingMs: 200, deletingMs: 50 };

/** An operator on a stage. */
export interface StagedOperator extends SimulatedOperator {
	/** What it did, as in `a Pending`; `a gone` where it took its finalizer off. */
	readonly steps: string[];
	/** Names of those whose step could not be written. */
	readonly failures: string[];
}

/** A fake API server and operators before it, under a clock that the test moves. */
export interface OperatorStage {
	readonly api: FakeApiServer;
	readonly clock: FakeClock;
	/** An operator that is not started. */
	prepareOperator(): StagedOperator;
	/** @param options what differs from `life` */
	startOperator(options?: Partial<OperatorOptions>): Promise<StagedOperator>;
	create(
		name: string,
		parts?: { readonly spec?: JsonObject; readonly metadata?: JsonObject },
	): void;
	get(name: string): Unstructured;
	/** Changes spec past the operator, as kubectl does. */
	edit(name: string, spec: JsonObject): void;
	remove(name: string): void;
	/** Waits for a phase, without time passing. */
	phase(name: string, phase: string): Promise<void>;
	/** Waits until all of them are in this phase, without time passing. */
	all(names: readonly string[], phase: string): Promise<void>;
	/** Lets new VMs come to run. */
	run(...names: string[]): Promise<void>;
	/** Waits until the object is gone, without time passing. */
	gone(name: string): Promise<void>;
	/** The phases that the object went through, each once for every write of a status. */
	history(name: string): (string | undefined)[];
	close(): Promise<void>;
}

export async function createOperatorStage(): Promise<OperatorStage> {
	const clock = createFakeClock();
	const api = await startFakeApiServer(clock);
	const { store } = api;
	const operators: SimulatedOperator[] = [];
	const get = (name: string) => store.get("default", name);
	const phaseOf = (raw: Unstructured) => objectAt(raw, "status").phase as string | undefined;

	const phase = (name: string, wanted: string) =>
		until(`${name} is ${wanted}`, () => phaseOf(get(name)) === wanted);
	const all = async (names: readonly string[], wanted: string) => {
		for (const name of names) await phase(name, wanted);
	};

	const prepareOperator = (options: Partial<OperatorOptions> = {}) => {
		const steps: string[] = [];
		const failures: string[] = [];
		const operator = createSimulatedOperator({
			api: createApiClient({
				resource: wukongKind,
				access: api.access,
				namespace: "",
				timings: defaultApiTimings,
				// Its connections are real.
				clock: systemClock,
			}),
			life: { ...life, ...options },
			clock,
			random: () => 0,
			observer: {
				...silentUpstream,
				stepped: ({ name }, phase) => steps.push(`${name} ${phase || "gone"}`),
				stepFailed: ({ name }) => failures.push(name),
			},
		});
		operators.push(operator);
		return { ...operator, steps, failures };
	};

	return {
		api,
		clock,
		get,
		prepareOperator,
		async startOperator(options) {
			const operator = prepareOperator(options);
			await operator.start();
			return operator;
		},
		create(name, { spec, metadata } = {}) {
			const disks = [{ name: "root", size: "20Gi" }];
			const given = { cpu: 2, memory: "4Gi", disks, ...spec };
			store.create({ metadata: { name, ...metadata }, spec: given }, "default", false);
		},
		edit(name, spec) {
			const raw = get(name);
			store.replace({ ...raw, spec: { ...objectAt(raw, "spec"), ...spec } }, "spec", false);
		},
		remove(name) {
			store.remove({ namespace: "default", name }, { preconditions: {}, dryRun: false });
		},
		phase,
		all,
		async run(...names) {
			await all(names, "Pending");
			await clock.advance(life.pendingMs);
			await all(names, "Creating");
			await clock.advance(life.creatingMs);
			await all(names, "Running");
		},
		gone: (name) =>
			until(`${name} is gone`, () => store.list().every((raw) => raw.metadata.name !== name)),
		history: (name) =>
			store.events
				.filter(({ raw }) => raw.metadata.name === name)
				.map(({ raw }) => raw)
				.filter((raw, index, all) => raw.status !== all[index - 1]?.status)
				.map(phaseOf),
		async close() {
			for (const operator of operators) await operator.close();
			await api.close();
		},
	};
}
