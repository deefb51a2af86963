// Feeds the parsers that read what strangers send, and a started service, with made-up inputs for
// ten minutes, or as many as the argument says. A failure is told with its seed and the smallest
// input that shows it. The work is done in a thread, so that one that hangs is found, too.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import fc from "fast-check";
import { fuzzTargets } from "../test/fuzz/targets.ts";
import { openWholePort } from "../test/fuzz/whole-port.ts";

/** One slice of work on one target. */
interface Slice {
	readonly name: string;
	readonly seed: number;
	readonly inputs: number;
	readonly failure?: string;
}

/** Inputs of one slice; a call to the service costs as much as many for a parser. */
const runs = { parser: 1_000, service: 50 };
/** Far more than a slice takes on a slow machine. */
const hangMs = 60_000;

if (isMainThread) watch(Number(process.argv[2] ?? 10));
else await work(workerData as { readonly seed: number });

function watch(minutes: number): void {
	if (!(minutes > 0)) throw new Error("usage: npm run fuzz -- [minutes]");
	const seed = Date.now() % 2 ** 31;
	console.log(`fuzz: ${minutes} min, first seed ${seed}`);
	const worker = new Worker(new URL(import.meta.url), { workerData: { seed } });
	const done = new Map<string, number>();
	let current = "";
	const end = (exitCode: number, text: string) => {
		for (const [name, count] of done) console.log(`fuzz: ${count} inputs: ${name}`);
		console.log(`fuzz: ${text}`);
		process.exit(exitCode);
	};
	const watchdog = setInterval(() => end(1, `${current} does not come to an end`), hangMs);
	setTimeout(() => end(0, "no crash, no hang"), minutes * 60_000);
	worker.on("message", ({ name, seed, inputs, failure }: Slice) => {
		watchdog.refresh();
		if (failure !== undefined) return end(1, failure);
		current = `${name}, seed ${seed},`;
		done.set(name, (done.get(name) ?? 0) + inputs);
	});
	worker.on("error", (error) => end(1, `${current} ended the thread: ${String(error)}`));
}

async function work({ seed: firstSeed }: { readonly seed: number }): Promise<void> {
	const parsers = fuzzTargets.map((target) => ({ ...target, inputs: runs.parser }));
	const targets = [...parsers, { ...(await openWholePort()), inputs: runs.service }];
	for (let seed = firstSeed; ; seed++) {
		for (const { name, property, inputs } of targets) {
			const slice: Slice = { name, seed, inputs };
			parentPort?.postMessage(slice);
			const result = await fc.check(property as fc.IAsyncProperty<unknown>, {
				seed,
				numRuns: inputs,
			});
			if (!result.failed) continue;
			const failure = `${name}: ${fc.defaultReportMessage(result)}`;
			parentPort?.postMessage({ ...slice, failure } satisfies Slice);
			return;
		}
	}
}
