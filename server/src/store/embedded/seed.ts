import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { formatVersion } from "../../resource/version.ts";
import type { OperatorOptions } from "../simulator/operator-options.ts";
import { reconcile } from "../simulator/reconcile.ts";
import { createdRecord, encodeWukong, noOrigin } from "./record.ts";
import type { Commit, Contents } from "./storage.ts";
import { createVersionClock } from "./version-clock.ts";

/** Creates the one commit that fills a store which has never held anything. */
export function seedCommit(count: number, operator: OperatorOptions, clock: Clock): Commit {
	const versions = createVersionClock(0n, clock);
	const timeMs = clock.nowMs();
	const writes = seedRecords(count, timeMs, operator).map((seed) => {
		const version = versions.next();
		const { namespace, name } = seed;
		const object = encodeWukong({ ...seed, resourceVersion: formatVersion(version) });
		return {
			change: { version, timeMs, namespace, name, previous: undefined, deleted: false },
			record: { namespace, name, object, ...noOrigin },
		};
	});
	const head = writes.at(-1)?.change.version ?? 0n;
	// Nobody saw the store before: there is nothing to resume from.
	return { writes, head, base: head };
}

/** Returns what an empty storage holds after its first commit. */
export function contentsAfter({ writes, head, base }: Commit): Contents {
	return { records: writes.flatMap(({ record }) => record ?? []), history: [], head, base };
}

const cores = [1, 2, 4, 8];
const images = ["ubuntu-24.04", "debian-13", "fedora-43"];
const tiers = ["web", "api", "db"];
const environments = ["prod", "staging", "dev"];

/**
 * Creates the Wukongs that an empty store can be filled with: `vm-0` … `vm-(count - 1)` in the
 * namespace `default`, all Running, with varied specs and labels, each a second
 * younger than the one before.
 */
export function seedRecords(count: number, nowMs: number, options: OperatorOptions): Wukong[] {
	return Array.from({ length: count }, (_, index) => {
		const createMs = nowMs - (count - index) * 1_000;
		return settledRecord(createdRecord(seedOf(index), randomUUID(), createMs), createMs, options);
	});
}

function seedOf(index: number): Wukong {
	const cpu = pick(cores, index);
	const tier = pick(tiers, index);
	const extraDisk = {
		name: "data",
		size: `${10 * (1 + (index % 9))}Gi`,
		storageClassName: "longhorn",
	};
	return create(WukongSchema, {
		namespace: "default",
		name: `vm-${index}`,
		labels: { app: `app-${index % 10}`, tier, environment: pick(environments, index >> 2) },
		annotations: { note: `number ${index}` },
		spec: {
			cpu,
			memory: `${cpu * 2}Gi`,
			osImage: pick(images, index),
			disks: [
				{ name: "root", size: "20Gi", boot: true, image: pick(images, index) },
				...(tier === "db" ? [extraDisk] : []),
			],
			networks: [
				{ name: "default" },
				...(index % 2 === 0 ? [{ name: "lan", type: "bridge", vlanId: 100 + (index % 50) }] : []),
			],
			startStrategy: { runStrategy: "Always", autoStart: true },
		},
	});
}

function pick<T>(values: readonly [T, ...T[]] | readonly T[], index: number): T {
	return values[index % values.length] as T;
}

/** Runs the operator's steps until there is nothing left to do. */
function settledRecord(record: Wukong, nowMs: number, options: OperatorOptions): Wukong {
	const { status, wakeAtMs } = reconcile(record, nowMs, options);
	const next = { ...record, status };
	return wakeAtMs === undefined ? next : settledRecord(next, wakeAtMs, options);
}
