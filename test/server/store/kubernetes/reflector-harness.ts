import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { Failure } from "../../../../server/src/failure.ts";
import { keyOf } from "../../../../server/src/resource/object.ts";
import type { Change, Sink, StoreState } from "../../../../server/src/store/change-feed.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	createReflector,
	type Reflector,
} from "../../../../server/src/store/kubernetes/reflector.ts";
import {
	defaultReflectorTimings,
	type ReflectorTimings,
} from "../../../../server/src/store/kubernetes/reflector-timings.ts";
import type { Unstructured } from "../../../../server/src/store/kubernetes/unstructured.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { rawNamed } from "./raw.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "./scripted-upstream.ts";

/** A sink that keeps what it is told, and objects to what must never come. */
export interface LogSink extends Sink {
	readonly loads: StoreState[];
	/** Changes since the last load. */
	readonly changes: Change[];
	readonly objects: Map<string, Wukong>;
	readonly head: bigint;
	/** Versions before each gap since the last load. */
	readonly gaps: bigint[];
	/** The changes in words, as in `ADDED a@101`. */
	readonly words: string[];
}

function createLogSink(): LogSink {
	const loads: StoreState[] = [];
	const objects = new Map<string, Wukong>();
	let changes: Change[] = [];
	let gaps: bigint[] = [];
	let head = 0n;
	return {
		loads,
		get gaps() {
			return gaps;
		},
		objects,
		get changes() {
			return changes;
		},
		get head() {
			return head;
		},
		get words() {
			return changes.map(wordsOf);
		},
		load(state) {
			loads.push(state);
			changes = [];
			gaps = [];
			head = state.head;
			objects.clear();
			for (const object of state.objects) objects.set(keyOf(object), object);
		},
		append(news) {
			const before = head;
			for (const change of news) {
				const { version, object, previous, deleted } = change;
				if (version <= before) throw new Error(`version ${version} after ${before}`);
				if (objects.get(keyOf(object)) !== previous) throw new Error("a change left one out");
				if (deleted) objects.delete(keyOf(object));
				else objects.set(keyOf(object), object);
				head = version;
				changes.push(change);
				if (change.gapAfter !== undefined && !gaps.includes(change.gapAfter)) {
					gaps.push(change.gapAfter);
				}
			}
		},
		advance(version, _kind, gapAfter) {
			if (version < head) throw new Error(`version ${version} after ${head}`);
			head = version;
			if (gapAfter !== undefined) gaps.push(gapAfter);
		},
	};
}

export function wordsOf({ object, previous, deleted, version }: Change): string {
	const type = deleted ? "DELETED" : previous === undefined ? "ADDED" : "MODIFIED";
	return `${type} ${object.name}@${version}`;
}

/** A reflector before a scripted API server, under a clock that the test moves. */
export interface ReflectorHarness {
	readonly upstream: ScriptedUpstream;
	readonly clock: FakeClock;
	readonly sink: LogSink;
	readonly reflector: Reflector;
	/** What the observer was told. */
	readonly observed: string[];
	/** Starts; resolves when the loop has done all it can for now. */
	start(): Promise<void>;
	/** Lets the loop do all it can without time passing. */
	settle(): Promise<void>;
	close(): Promise<void>;
}

export function createReflectorHarness(
	timings: Partial<ReflectorTimings> = {},
	random: () => number = () => 0,
): ReflectorHarness {
	const upstream = createScriptedUpstream();
	const clock = createFakeClock();
	const sink = createLogSink();
	const observed: string[] = [];
	const reflector = createReflector({
		upstream,
		kind: wukongKind,
		sink,
		clock,
		random,
		timings: { ...defaultReflectorTimings, historyVersions: 0n, ...timings },
		observer: {
			listed: (cause) => observed.push(`listed: ${cause}`),
			watchOpened: () => observed.push("watch opened"),
			watchEnded: (end) => observed.push(`watch ended: ${end}`),
			troubled: (trouble) => observed.push(`troubled: ${trouble}`),
			recovered: () => observed.push("recovered"),
		},
		onPassed() {},
	});
	const settle = async () => {
		for (let turn = 0; turn < 10; turn++) await clock.advance(0);
	};
	return {
		upstream,
		clock,
		sink,
		reflector,
		observed,
		async start() {
			reflector.start().catch(() => {});
			await settle();
		},
		settle,
		close: () => reflector.close(new Failure(ErrorReason.SHUTTING_DOWN, "closed")),
	};
}

/** A reflector that has loaded `objects` at version 100, and watches. */
export async function startReflector(
	timings: Partial<ReflectorTimings> = {},
	objects: Unstructured[] = [rawNamed("a", { version: 90 })],
	random?: () => number,
): Promise<ReflectorHarness> {
	const harness = createReflectorHarness(timings, random);
	harness.upstream.state = { version: 100, objects };
	await harness.start();
	return harness;
}

/** A state that can be told from others of the same object. */
export function labelled(name: string, version: number, value: string): Unstructured {
	return rawNamed(name, { version, metadata: { labels: { value } } });
}
