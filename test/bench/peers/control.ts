// Loaded into every measured Node server by `node --import`, so that a server needs to know
// nothing of the benchmark: answers its questions, and ends when it is gone. A server whose VMs
// can change also says how, with `onBurst`.
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
	type CpuAnswer,
	controlDescriptor,
	type MemoryAnswer,
	type Order,
	type Play,
	type TurnAnswer,
} from "../servers/order.ts";

let burst = (_places: readonly number[]) => {};
let objectCount = 1;

/** @param callback told the places, in the list, of the VMs that change at this moment */
export function onBurst(callback: (places: readonly number[]) => void, objects: number): void {
	burst = callback;
	objectCount = objects;
}

const channel = new Socket({ fd: controlDescriptor });
channel.unref();
channel.on("error", () => {});
channel.on("close", () => process.exit());
const answer = (words: CpuAnswer | MemoryAnswer | TurnAnswer) =>
	channel.write(`${JSON.stringify(words)}\n`);

createInterface({ input: channel }).on("line", (line) => {
	const order: Order = JSON.parse(line);
	switch (order.kind) {
		case "cpu": {
			const { user, system } = process.cpuUsage();
			answer({ cpuMs: (user + system) / 1_000 });
			break;
		}
		case "memory":
			answer(measureMemory());
			break;
		case "turn":
			answer({ longestTurnMs: longestTurnMs ?? 0 });
			if (longestTurnMs === undefined) watchTurns();
			longestTurnMs = 0;
			break;
		case "play":
			play(order);
	}
});

function play({ first, count, bursts, intervalMs }: Play): void {
	const startMs = performance.now();
	const playFrom = (place: number) => {
		const begin = first + place * count;
		burst(Array.from({ length: count }, (_, i) => (begin + i) % objectCount));
		if (place + 1 === bursts) return;
		const dueMs = startMs + (place + 1) * intervalMs;
		setTimeout(playFrom, Math.max(0, dueMs - performance.now()), place + 1);
	};
	if (bursts > 0) playFrom(0);
}

/** undefined: nobody has asked. */
let longestTurnMs: number | undefined;

/** Keeps the loop turning, from now on. */
function watchTurns(): void {
	const cpuMs = () => {
		const { user, system } = process.threadCpuUsage();
		return (user + system) / 1_000;
	};
	let beginMs = cpuMs();
	const next = () => {
		const nowMs = cpuMs();
		longestTurnMs = Math.max(longestTurnMs ?? 0, nowMs - beginMs);
		beginMs = nowMs;
		setImmediate(next);
	};
	setImmediate(next);
}

type CollectGarbage = (options: {
	readonly type: "major";
	readonly execution: "sync";
	/** Gives the memory it frees back to the system. */
	readonly flavor: "last-resort";
}) => void;

function measureMemory(): MemoryAnswer {
	setFlagsFromString("--expose-gc");
	const collectGarbage: CollectGarbage = runInNewContext("gc");
	// What the first collection finalizes, the second one frees.
	for (let i = 0; i < 2; i++) {
		collectGarbage({ type: "major", execution: "sync", flavor: "last-resort" });
	}
	const { rss, heapUsed, external } = process.memoryUsage();
	return { rssBytes: rss, heapBytes: heapUsed + external };
}
