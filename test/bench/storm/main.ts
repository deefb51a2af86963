// Prints what a storm of status writes costs one replica, and that its promises hold in it:
// `npm run storm`.
import { parseArgs } from "node:util";
import { formatTable } from "../report/table.ts";
import { measureCluster } from "./cluster.ts";
import { measureScripted } from "./scripted.ts";
import type { StormOptions } from "./storm-options.ts";

const usage =
	"npm run storm -- [--vms N] [--seconds N] [--watchers N] [--updates N]   default: 100, 20, 10 and 1000";

const options = readArguments();
for (const [cluster, measure] of [
	["in memory", measureScripted],
	["kube-apiserver", measureCluster],
] as const) {
	const rows = await measure(options);
	console.log(formatTable({ head: [`Cluster ${cluster}`, "Figure"], rows }));
}

function readArguments(): StormOptions {
	try {
		const text = (value: string) => ({ type: "string", default: value }) as const;
		const { values } = parseArgs({
			options: {
				vms: text("100"),
				seconds: text("20"),
				watchers: text("10"),
				updates: text("1000"),
			},
		});
		return {
			vms: atLeastOne(values.vms),
			seconds: atLeastOne(values.seconds),
			watchers: atLeastOne(values.watchers),
			updates: atLeastOne(values.updates),
		};
	} catch (error) {
		console.error(`${(error as Error).message}\n${usage}`);
		process.exit(1);
	}
}

function atLeastOne(text: string): number {
	const number = Number(text);
	if (Number.isSafeInteger(number) && number > 0) return number;
	throw new Error(`not a number from 1: ${text}`);
}
