import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { systemClock } from "../../../server/src/clock.ts";
import { keyOf } from "../../../server/src/resource/object.ts";
import type { StoreState } from "../../../server/src/store/change-feed.ts";
import { openDatabase } from "../../../server/src/store/embedded/database.ts";
import { recover } from "../../../server/src/store/embedded/recovery.ts";
import { testSeed } from "../../support/seed.ts";
import { createSeededRandom } from "../../support/seeded-random.ts";
import { withDataFile } from "./embedded/harness.ts";
import { contentOf, type Orders, type Report } from "./kill-orders.ts";
import { createRecordingSink } from "./recording-sink.ts";

const rounds = 100;
const seed = testSeed;

/** What the children said of one name: the last number tried and acknowledged. */
interface Word {
	tried: number;
	done: number;
	removal: "none" | "tried" | "done";
}

test(
	`kill -9 at a random point of a write, ${rounds} times, loses nothing acknowledged (seed ${seed})`,
	{
		timeout: 300_000,
	},
	() =>
		withDataFile(async (dataPath) => {
			const random = createSeededRandom(seed);
			const words = new Map<string, Word>();
			let before: StoreState | undefined;
			let acknowledged = 0;
			let resumed = 0;
			const folder = dirname(dirname(dataPath));
			const child = await bundleChild(join(folder, "child"));
			const startNext = () =>
				startChild(child, { dataPath, compileCache: join(folder, "compiled") });
			let next = startNext();
			try {
				for (let round = 0; round < rounds; round++) {
					const reports = runUntilKilled(await next, ordersFor(round, words), random);
					// The next child loads its code meanwhile; it opens the file when it is told to.
					next = startNext();
					acknowledged += note(words, await reports);
					const state = reopen(dataPath);
					judge(words, state);
					if (before !== undefined && resume(before, state)) resumed++;
					before = state;
				}
			} finally {
				(await next).kill("SIGKILL");
			}
			// Four rounds in five wait for one: fewer, and the kills met no write.
			expect(acknowledged).toBeGreaterThan(rounds / 2);
			expect(resumed).toBeGreaterThan(rounds / 2);
		}),
);

/** Six names that live through all rounds, and two of each round that the next one removes. */
function ordersFor(round: number, words: Map<string, Word>): Orders {
	const names = [0, 1, 2, 3, 4, 5].map((index) => `keep-${index}`);
	names.push(`round-${round}-a`, `round-${round}-b`);
	return {
		put: Object.fromEntries(names.map((name) => [name, words.get(name)?.done ?? 0])),
		remove: [...words]
			.filter(
				([name, word]) => name.startsWith("round") && word.done > 0 && word.removal === "none",
			)
			.map(([name]) => name),
	};
}

/**
 * Bundles the child and its database worker: a hundred starts of them load one file each.
 * @returns the child's file
 */
async function bundleChild(folder: string): Promise<string> {
	const sources = ["./kill-child.ts", "../../../server/src/store/embedded/database-worker.ts"];
	await build({
		entryPoints: sources.map((source) => fileURLToPath(new URL(source, import.meta.url))),
		entryNames: "[name]",
		outdir: folder,
		bundle: true,
		platform: "node",
		format: "esm",
	});
	await writeFile(join(folder, "package.json"), '{"type":"module"}');
	return join(folder, "kill-child.js");
}

async function startChild(
	file: string,
	{ dataPath, compileCache }: { readonly dataPath: string; readonly compileCache: string },
): Promise<ChildProcess> {
	const child = fork(file, [dataPath], {
		stdio: ["ignore", "pipe", "inherit", "ipc"],
		// A hundred starts of the same code: compile it once.
		env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
	});
	await once(child, "message");
	return child;
}

/** Kills the child some moments after its first acknowledgement, or after its start. */
async function runUntilKilled(
	child: ChildProcess,
	orders: Orders,
	random: () => number,
): Promise<Report[]> {
	let output = "";
	const { stdout } = child;
	if (stdout === null) throw new Error("the child has no output");
	stdout.setEncoding("utf8");
	const { promise: acknowledged, resolve: acknowledge } = Promise.withResolvers<void>();
	stdout.on("data", (text) => {
		output += text;
		if (output.includes('"done"')) acknowledge();
	});
	child.send(orders);
	if (random() < 0.8) await Promise.race([acknowledged, once(child, "exit")]);
	const kill = setTimeout(() => child.kill("SIGKILL"), random() * 40);
	await once(child, "close");
	clearTimeout(kill);
	expect(child.signalCode).toBe("SIGKILL");
	const lines = output.split("\n").slice(0, -1);
	return lines.map((line) => JSON.parse(line) as Report);
}

/** @returns the number of writes that were acknowledged. */
function note(words: Map<string, Word>, reports: readonly Report[]): number {
	for (const { kind, name, number } of reports) {
		const word = words.get(name) ?? { tried: 0, done: 0, removal: "none" };
		words.set(name, word);
		if (number === undefined) word.removal = kind === "try" ? "tried" : "done";
		else if (kind === "try") word.tried = number;
		else word.done = number;
	}
	return reports.filter(({ kind }) => kind === "done").length;
}

/** What a new start finds. The sink checks that the history is whole and leads to the present. */
function reopen(dataPath: string): StoreState {
	const database = openDatabase(dataPath);
	const limits = { maxChanges: 2_000, maxAgeMs: 86_400_000, maxBytes: 64 * 1024 * 1024 };
	const { state } = recover(database.load(), limits, systemClock);
	database.close();
	const raw = new DatabaseSync(dataPath);
	expect(raw.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
	raw.close();
	createRecordingSink().load(state);
	return state;
}

/** Each name holds the last acknowledged number, or the one in flight, in full. */
function judge(words: Map<string, Word>, state: StoreState): void {
	const objects = new Map(state.objects.map((object) => [object.name, object]));
	for (const [name, word] of words) {
		const found = objects.get(name);
		if (word.removal === "none" && word.done > 0) expect(found, `${name} is lost`).toBeDefined();
		if (word.removal === "done") expect(isGoing(found), `${name} is not removed`).toBe(true);
		if (isGoing(found)) {
			if (word.removal !== "none") word.removal = "done";
			continue;
		}
		word.removal = "none";
		const number = Number(found?.labels.number);
		expect(number, name).toBeGreaterThanOrEqual(word.done);
		expect(number, name).toBeLessThanOrEqual(word.tried);
		expect(found).toMatchObject(contentOf(number));
		// The one in flight counts as written from here on.
		word.done = number;
	}
}

/** Gone, on its way, or never there. */
function isGoing(wukong: Wukong | undefined): boolean {
	return wukong === undefined || wukong.deleteTime !== undefined;
}

/**
 * Brings the state before a kill to the present with the changes since then.
 * @returns false where the history no longer reaches back that far.
 */
function resume(before: StoreState, after: StoreState): boolean {
	if (before.head < after.base) return false;
	const versions = new Set(after.history.map(({ version }) => version));
	expect(before.head === after.base || versions.has(before.head)).toBe(true);
	const states = new Map(before.objects.map((object) => [keyOf(object), object]));
	for (const { version, object, deleted } of after.history) {
		if (version <= before.head) continue;
		if (deleted) states.delete(keyOf(object));
		else states.set(keyOf(object), object);
	}
	const present = new Map(after.objects.map((object) => [keyOf(object), object]));
	expect(states).toEqual(present);
	return true;
}
