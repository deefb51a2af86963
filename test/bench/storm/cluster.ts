import { startCluster } from "../../cluster/cluster.ts";
import { createKubeApi, type KubeApi } from "../../cluster/kube-api.ts";
import { writeKubeconfig } from "../../cluster/kubeconfig.ts";
import { leanClients } from "../../cluster/rolling/lean-client.ts";
import { createNamespace } from "../../cluster/test-namespace.ts";
import { installDefinition, wukongPath, wukongResource } from "../../cluster/wukong-resource.ts";
import { type MeasuredService, startMeasuredService } from "../kubernetes/measured-service.ts";
import { mib, passedWords } from "./figures.ts";
import type { StormOptions } from "./storm-options.ts";
import { createToldCounter } from "./told-counter.ts";

/** Calls of the played operator that are under way at the same time. */
const writers = 16;

/** Status writes a second that one VM gets beside its updates, where the API server gives so many. */
const besidePerSecond = 350;

/** Measures the service, in a process of its own, before a real API server. */
export async function measureCluster(options: StormOptions): Promise<string[][]> {
	const { vms, seconds, watchers, updates } = options;
	await using stack = new AsyncDisposableStack();
	const { apiServer, close } = await startCluster();
	stack.defer(close);
	const admin = createKubeApi(apiServer.access());
	stack.defer(() => admin.close());
	const kubeconfig = stack.use(await writeKubeconfig(apiServer.access()));
	await installDefinition(admin);
	const namespace = await createNamespace(admin);
	const nameOf = (index: number) => `vm-${index}`;
	for (let index = 0; index < vms; index++) {
		const body = wukongResource(nameOf(index));
		await admin.expect({ method: "POST", path: wukongPath(namespace), body });
	}
	const service = await startMeasuredService(kubeconfig.path);
	stack.defer(service.kill);

	const leaver = new AbortController();
	const told = createToldCounter();
	const client = leanClients.grpc(service.url);
	const follow = async (place: number) => {
		for await (const event of client.rpc.watchWukong({ namespace }, { signal: leaver.signal })) {
			if (place === 0) told.take(event);
		}
	};
	const following = Array.from({ length: watchers }, (_, place) => follow(place));

	const before = await service.ask("settled");
	await service.ask("seek peak");
	const all = startStorm(admin, {
		pathOf: (count) => statusPath(nameOf(count % vms)),
		perSecond: Number.POSITIVE_INFINITY,
	});
	await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
	const storm = await all();
	const during = await service.ask("peak");
	const after = await service.ask("settled");
	const most = told.mostInASecond;

	const one = startStorm(admin, {
		pathOf: () => statusPath(nameOf(0)),
		perSecond: besidePerSecond,
	});
	const updateMs: number[] = [];
	for (let update = 0; update < updates; update++) {
		updateMs.push(await updateOnce(service, { namespace, name: nameOf(0) }, String(update)));
	}
	const beside = await one();
	leaver.abort();
	await Promise.all(following);

	const perSecond = ({ written, ms }: Written) => (written / ms) * 1_000;
	return [
		["changes a second", perSecond(storm).toFixed(0)],
		[
			"CPU time of a change",
			`${(((during.cpuMs - before.cpuMs) * 1_000) / storm.written).toFixed(0)} µs`,
		],
		[
			"CPU of the service, of one core",
			`${(((during.cpuMs - before.cpuMs) / storm.ms) * 100).toFixed(0)} %`,
		],
		["most tellings of one VM in a second on a stream", String(most)],
		[
			`updates that passed beside ${perSecond(beside).toFixed(0)} status writes a second, p50 and p99`,
			passedWords(updateMs),
		],
		[
			"heap before, highest, after",
			[before, during, after].map(({ heapBytes }) => mib(heapBytes)).join(", "),
		],
		[
			"RSS before, highest, after",
			[before, during, after].map(({ rssBytes }) => mib(rssBytes)).join(", "),
		],
	];

	function statusPath(name: string): string {
		return `${wukongPath(namespace, name)}/status`;
	}
}

interface Written {
	readonly written: number;
	readonly ms: number;
}

/** Writes Creating and Error in turns. @returns what ends it */
function startStorm(
	admin: KubeApi,
	{ pathOf, perSecond }: { readonly pathOf: (count: number) => string; readonly perSecond: number },
): () => Promise<Written> {
	const startMs = performance.now();
	let begun = 0;
	let written = 0;
	let isOver = false;
	const write = async (own: number) => {
		while (!isOver) {
			const path = pathOf(begun++);
			const body = {
				status: { phase: (Math.floor(begun / 100) + own) % 2 === 0 ? "Creating" : "Error" },
			};
			await admin.expect({ method: "PATCH", path, body });
			written++;
			const aheadMs = (begun * 1_000) / perSecond - (performance.now() - startMs);
			if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
		}
	};
	const running = Promise.all(Array.from({ length: writers }, (_, own) => write(own)));
	return async () => {
		isOver = true;
		await running;
		return { written, ms: performance.now() - startMs };
	};
}

/** Updates a label with the version that a read has just given. @returns the time of the update, in milliseconds */
async function updateOnce(
	{ url }: MeasuredService,
	ref: { readonly namespace: string; readonly name: string },
	value: string,
): Promise<number> {
	const { resourceVersion } = (await call(url, "GetWukong", ref)).wukong;
	const startMs = performance.now();
	await call(url, "UpdateWukong", { wukong: { ...ref, resourceVersion, labels: { value } } });
	return performance.now() - startMs;
}

async function call(url: string, method: string, request: object) {
	const answer = await fetch(new URL(`/novasphere.v1.WukongService/${method}`, url), {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(request),
	});
	if (answer.ok) return answer.json();
	throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
}
