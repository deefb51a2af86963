import { WukongEvent_Type as EventType } from "@novasphere/wukong-gen/wukong-service";
import type { KubeApi } from "../../cluster/kube-api.ts";
import { poll } from "../../cluster/poll.ts";
import { leanClients, type Watcher } from "../../cluster/rolling/lean-client.ts";
import { type MeasuredService, sumOfLines } from "./measured-service.ts";

/** Watches below and above the service. */
export interface WatchCounts {
	/** Streams that clients have open. */
	readonly streams: number;
	/** Watches of Wukongs that the API server has open. */
	readonly upstream: number;
	/** Memory that a stream takes, in bytes of heap. */
	readonly bytesPerStream: number;
}

/** Streams that share one HTTP/2 connection. */
const streamsPerConnection = 100;

/** Opens streams that go on from the present, and counts what that makes of watches upstream. */
export async function countWatches(
	service: MeasuredService,
	admin: KubeApi,
	streams: number,
): Promise<WatchCounts> {
	const leaver = new AbortController();
	const { signal } = leaver;
	const before = await service.ask("settled");
	const resourceVersion = await presentVersion(service);
	let synced = 0;
	const follow = async (client: Watcher) => {
		for await (const { type } of client.rpc.watchWukong({ resourceVersion }, { signal })) {
			if (type === EventType.SYNCED) synced++;
		}
	};
	const clients = Array.from({ length: Math.ceil(streams / streamsPerConnection) }, () =>
		leanClients.grpc(service.url),
	);
	const followed = Array.from({ length: streams }, (_, place) =>
		follow(clients[place % clients.length] as Watcher),
	);
	await poll("every stream is in sync", async () => synced >= streams);
	const counts = {
		streams: await service.metric(/^wukong_watch_streams /),
		upstream: await upstreamWatches(admin),
		bytesPerStream: ((await service.ask("settled")).heapBytes - before.heapBytes) / streams,
	};
	leaver.abort();
	await Promise.all(followed);
	return counts;
}

async function presentVersion(service: MeasuredService): Promise<string> {
	const answer = await fetch(new URL("/novasphere.v1.WukongService/ListWukongs", service.url), {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ pageSize: 1 }),
	});
	return (await answer.json()).resourceVersion;
}

/** As the API server itself counts them. */
async function upstreamWatches(admin: KubeApi): Promise<number> {
	const page = await admin.expect({ method: "GET", path: "/metrics", accept: "text/plain" });
	return sumOfLines(page, /^apiserver_longrunning_requests\{.*resource="wukongs".*verb="WATCH"/);
}
