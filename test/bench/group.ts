import { latencies, type Measure, memories, rates, times, turns } from "./measure.ts";

/** Cases that share their measures, and a table. */
export interface Group {
	readonly title: string;
	readonly measures: readonly Measure[];
}

/** The tables, in the order of the report. */
export const groups = {
	calls: { title: "Calls", measures: rates },
	distinct: {
		title: "Gets of 10,000 VMs in turn: no request is like the one before",
		measures: rates,
	},
	writes: { title: "Writes, the embedded store", measures: rates },
	watches: { title: "Watches: deliveries, at up to 500 changes a second", measures: rates },
	singles: { title: "Watches: changes that come one at a time", measures: rates },
	scopes: { title: "Watches of one VM or namespace each, out of as many", measures: rates },
	listSizes: { title: "Cost against size: VMs in a list", measures: rates },
	objects: { title: "Cost against size: VMs in the store", measures: rates },
	memory: { title: "Memory of an idle stream", measures: memories },
	latency: { title: "Get, while streams run at half of capacity", measures: latencies },
	hostile: { title: "Hostile documents of up to 2 MiB", measures: turns },
	startUp: { title: "Start-up, to the first right answer", measures: times },
} as const satisfies Readonly<Record<string, Group>>;
