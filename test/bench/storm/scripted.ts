import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../../../server/src/clock.ts";
import { storeClosed } from "../../../server/src/failure.ts";
import { checkPreconditions } from "../../../server/src/service/wukong/preconditions.ts";
import { createStormStage } from "../../server/store/kubernetes/storm-stage.ts";
import { refTo, setLabel, writeOptions } from "../../server/store/write.ts";
import { takeAll } from "../../support/watching.ts";
import { mib, passedWords } from "./figures.ts";
import type { StormOptions } from "./storm-options.ts";
import { createToldCounter } from "./told-counter.ts";

/** Most changes that come in one burst. */
const burst = 100;

/**
 * Measures store and replica before a cluster in memory, in this process: who plays the cluster is in the
 * CPU time, too.
 */
export async function measureScripted(options: StormOptions): Promise<string[][]> {
	const { vms, seconds, watchers, updates } = options;
	const wantedPerSecond = 10_000;
	const stage = await createStormStage({ vms, clock: systemClock });
	await stage.replica.start();
	const streams = Array.from({ length: watchers }, () => stage.watch());
	const token = takeAll(streams[0] as (typeof streams)[0]).at(-1)?.resourceVersion ?? "";
	for (const stream of streams) takeAll(stream);
	const told = createToldCounter();
	let changes = 0;
	let peakBytes = 0;
	let isOver = false;
	const heapBytes = () => {
		const { heapUsed, arrayBuffers } = process.memoryUsage();
		return heapUsed + arrayBuffers;
	};
	const storm = async () => {
		const startMs = performance.now();
		while (!isOver) {
			const dueCount = ((performance.now() - startMs) / 1_000) * wantedPerSecond - changes;
			for (let left = Math.min(burst, dueCount); left > 0; left--) {
				const round = Math.floor(changes / vms);
				stage.say(changes++ % vms, round % 2 === 0 ? "Error" : "Creating", round);
			}
			do await nextTurn();
			while (!stage.isCurrent());
			streams.forEach((stream, place) => {
				for (const event of takeAll(stream)) if (place === 0) told.take(event);
			});
			peakBytes = Math.max(peakBytes, heapBytes());
		}
		return performance.now() - startMs;
	};

	globalThis.gc?.();
	const beforeBytes = heapBytes();
	const cpu = process.cpuUsage();
	const running = storm();
	await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
	const quiet = { changes, told: told.count, most: told.mostInASecond };
	const { user, system } = process.cpuUsage(cpu);
	const updateMs: number[] = [];
	const write = async (own: number) => {
		for (let update = own; update < updates; update += parallelUpdates) {
			const ref = refTo(`vm-${update % vms}`);
			const { resourceVersion = "" } = stage.replica.get(ref) ?? {};
			const startMs = performance.now();
			await stage.store.edit(
				ref,
				(current) => {
					checkPreconditions(current, { resourceVersion });
					return setLabel("update", String(update))(current);
				},
				writeOptions,
			);
			updateMs.push(performance.now() - startMs);
		}
	};
	await Promise.all(Array.from({ length: parallelUpdates }, (_, own) => write(own)));
	isOver = true;
	const totalMs = await running;
	const late = stage.watch(token);
	takeAll(late);
	for (const stream of [...streams, late]) stream.close();
	globalThis.gc?.();
	const afterBytes = heapBytes();
	const resets = stage.observer.resets.length;
	stage.replica.drain(storeClosed());
	await stage.store.close();

	return [
		["changes a second", (quiet.changes / seconds).toFixed(0)],
		[
			"CPU time of a change, the player's included",
			`${((user + system) / quiet.changes).toFixed(0)} µs`,
		],
		[
			"tellings a second of one VM on a stream: all, most",
			`${(quiet.told / vms / seconds).toFixed(1)}, ${quiet.most}`,
		],
		["updates that passed, p50 and p99", passedWords(updateMs)],
		[
			`a token from ${(totalMs / 1_000).toFixed(0)} s and ${changes} changes ago: RESETs`,
			String(resets),
		],
		["heap before, highest, after", [beforeBytes, peakBytes, afterBytes].map(mib).join(", ")],
	];
}

/** Updates under way at the same time; no two are of one VM. */
const parallelUpdates = 4;
