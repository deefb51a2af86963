// npm run bench:kubernetes: what a cluster with many VMs costs one replica.
import { parseArgs } from "node:util";
import { startCluster } from "../../cluster/cluster.ts";
import { createKubeApi } from "../../cluster/kube-api.ts";
import { writeKubeconfig } from "../../cluster/kubeconfig.ts";
import { installDefinition } from "../../cluster/wukong-resource.ts";
import { quantile } from "../report/statistics.ts";
import { formatTable } from "../report/table.ts";
import { measurePages } from "./list-pages.ts";
import { type MeasuredService, startMeasuredService } from "./measured-service.ts";
import { measureRelist } from "./relist.ts";
import { createFleet } from "./vm-fleet.ts";
import { countWatches } from "./watch-counts.ts";

const usage = "npm run bench:kubernetes -- [--vms N]... [--streams N]   default: 5000 and 500";

/** Starts of the service, of which the median counts. */
const starts = 3;
/** Pages of each size. */
const calls = 50;

const { vms, streams } = readArguments();
const rows: string[][] = [];
for (const count of vms) rows.push(...(await measure(count)));
console.log(formatTable({ head: ["VMs", "What", "Figure"], rows }));

function readArguments(): { readonly vms: readonly number[]; readonly streams: number } {
	try {
		const { values } = parseArgs({
			options: {
				vms: { type: "string", multiple: true, default: ["5000"] },
				streams: { type: "string", default: "500" },
			},
		});
		return { vms: values.vms.map(atLeastOne), streams: atLeastOne(values.streams) };
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

async function measure(count: number): Promise<string[][]> {
	await using stack = new AsyncDisposableStack();
	const { apiServer, close } = await startCluster();
	stack.defer(close);
	const admin = createKubeApi(apiServer.access());
	stack.defer(() => admin.close());
	const kubeconfig = stack.use(await writeKubeconfig(apiServer.access()));
	await installDefinition(admin);
	const empty = await startSeveral(kubeconfig.path);
	await empty.service.kill();
	const fleet = await createFleet(admin, count);

	const { service, readyMs, cpuMs } = await startSeveral(kubeconfig.path);
	stack.defer(service.kill);
	const loaded = await service.ask("settled");
	const pages: string[][] = [];
	for (const pageSize of [100, 1_000].filter((size) => size <= count)) {
		const page = await measurePages(service, { pageSize, calls });
		const figure = `${page.wallMs.toFixed(1)} ms, ${page.cpuMs.toFixed(1)} ms of CPU, ${kib(page.bytes)}`;
		pages.push([`a page of ${pageSize} in JSON`, figure]);
	}
	const watches = await countWatches(service, admin, streams);
	const relist = await measureRelist(service, apiServer, async () => {});
	const changed = await measureRelist(service, apiServer, fleet.changeAll);
	const inAll = (figure: number, base: number) =>
		`${figure.toFixed(0)} ms (empty: ${base.toFixed(0)} ms)`;
	const rows = [
		["time to ready", inAll(readyMs, empty.readyMs)],
		["CPU time to ready", inAll(cpuMs, empty.cpuMs)],
		["memory when ready: RSS", `${mib(loaded.rssBytes)} (empty: ${mib(empty.settled.rssBytes)})`],
		[
			"memory when ready: heap",
			`${mib(loaded.heapBytes)} (empty: ${mib(empty.settled.heapBytes)})`,
		],
		[
			"heap per VM, kept changes included",
			kib((loaded.heapBytes - empty.settled.heapBytes) / count),
		],
		...pages,
		[`watches upstream with ${watches.streams} streams`, String(watches.upstream)],
		["heap per idle stream", kib(watches.bytesPerStream)],
		["relist: highest heap, over before", relist.heapGrowth.toFixed(2)],
		["relist: highest RSS, over before", relist.rssGrowth.toFixed(2)],
		["relist: heap after it, over before", relist.heapAfter.toFixed(2)],
		["relist, every VM changed: highest heap", changed.heapGrowth.toFixed(2)],
		["relist, every VM changed: highest RSS", changed.rssGrowth.toFixed(2)],
		["relist, every VM changed: heap after it", changed.heapAfter.toFixed(2)],
	];
	return rows.map((row) => [String(count), ...row]);
}

/** Starts the service again and again; the last one stays. */
async function startSeveral(kubeconfig: string) {
	const readyMs: number[] = [];
	const cpuMs: number[] = [];
	let service: MeasuredService | undefined;
	for (let start = 0; start < starts; start++) {
		await service?.kill();
		service = await startMeasuredService(kubeconfig);
		readyMs.push(service.readyMs);
		cpuMs.push((await service.ask("now")).cpuMs);
	}
	if (service === undefined) throw new Error("never started");
	return {
		service,
		readyMs: quantile(readyMs, 0.5),
		cpuMs: quantile(cpuMs, 0.5),
		settled: await service.ask("settled"),
	};
}

function mib(bytes: number): string {
	return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function kib(bytes: number): string {
	return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
}
