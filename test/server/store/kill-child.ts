import { writeSync } from "node:fs";
import { systemClock } from "../../../server/src/clock.ts";
import { createEmbeddedStore } from "../../../server/src/store/embedded/embedded-store.ts";
import { numbered, type Orders, type Report, renumber } from "./kill-orders.ts";
import { createOptions, refTo, writeOptions } from "./write.ts";

const [, , dataPath = ""] = process.argv;

const store = createEmbeddedStore({
	dataPath,
	seedCount: 0,
	history: { maxChanges: 2_000, maxAgeMs: 86_400_000, maxBytes: 64 * 1024 * 1024 },
	operator: { pendingMs: 2, creatingMs: 5, stoppingMs: 2, deletingMs: 5 },
	clock: systemClock,
	onFault(fault) {
		throw fault;
	},
});

/** Written at once: what was said before a kill is in the pipe. A full one is waited for. */
function say(report: Report): void {
	let rest = Buffer.from(`${JSON.stringify(report)}\n`);
	while (rest.byteLength > 0) {
		try {
			rest = rest.subarray(writeSync(1, rest));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
		}
	}
}

async function put(name: string, last: number): Promise<void> {
	for (let number = last + 1; ; number++) {
		say({ kind: "try", name, number });
		if (number === 1) await store.create(numbered(name, number), createOptions);
		else await store.edit(refTo(name), renumber(number), writeOptions);
		say({ kind: "done", name, number });
	}
}

async function remove(name: string): Promise<void> {
	say({ kind: "try", name, number: undefined });
	await store.remove(refTo(name), () => {}, writeOptions);
	say({ kind: "done", name, number: undefined });
}

process.once("message", async (orders: Orders) => {
	await store.start({ load() {}, append() {}, advance() {} });
	await Promise.all([
		...Object.entries(orders.put).map(([name, last]) => put(name, last)),
		...orders.remove.map(remove),
	]);
});
process.send?.("ready");
