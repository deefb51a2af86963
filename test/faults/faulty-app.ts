import { get } from "node:http";
import { text } from "node:stream/consumers";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { createApp } from "../../server/src/app/app.ts";
import { systemClock } from "../../server/src/clock.ts";
import { parseConfig } from "../../server/src/config/config.ts";
import type { ApiTimings } from "../../server/src/store/kubernetes/api-client.ts";
import { createKubernetesStore } from "../../server/src/store/kubernetes/kubernetes-store.ts";
import type { ReflectorTimings } from "../../server/src/store/kubernetes/reflector-timings.ts";
import { createMetrics } from "../../server/src/telemetry/metrics.ts";
import { keepPort } from "../support/kept-port.ts";

/** The whole service before an API server that fails. */
export interface FaultyApp {
	readonly client: Client<typeof WukongService>;
	/** Resolves when it is ready, however long that takes. */
	readonly ready: Promise<unknown>;
	/** What is read at a path. */
	page(path: string): Promise<{ readonly status: number; readonly body: string }>;
	/** The value of a metric with these labels; 0 where it was never counted. */
	metric(nameAndLabels: string): Promise<number>;
	close(): Promise<void>;
}

/** Starts it; calls are accepted at once, and refused until it is ready. */
export async function startFaultyApp(
	kubeconfig: string,
	timings: Partial<ReflectorTimings>,
	apiTimings: Partial<ApiTimings> = {},
): Promise<FaultyApp> {
	const port = await keepPort();
	const result = parseConfig(["--port", `${port}`, "--shutdown-grace-ms", "20000"], {});
	if (result.kind !== "config") throw new Error("bad flags");
	const metrics = createMetrics({ processMetrics: false });
	const store = createKubernetesStore({
		kubeconfig,
		context: "",
		maxConnections: 64,
		namespace: "",
		clock: systemClock,
		reflectorTimings: timings,
		apiTimings,
		observer: metrics.upstream,
	});
	const app = createApp(result.config, { store, metrics });
	const ready = app.listen();
	// Awaited by the test: until then a failure is not unhandled, only early.
	ready.catch(() => {});
	const baseUrl = `http://127.0.0.1:${port}`;
	const page: FaultyApp["page"] = (path) => {
		const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
		get(`${baseUrl}${path}`, { agent: false }, async (response) => {
			resolve({ status: response.statusCode ?? 0, body: await text(response) });
		}).on("error", reject);
		return promise;
	};
	return {
		client: createClient(WukongService, createGrpcTransport({ baseUrl })),
		ready,
		page,
		async metric(nameAndLabels) {
			const { body } = await page("/metrics");
			const line = body.split("\n").find((it) => it.startsWith(`${nameAndLabels} `));
			return Number(line?.split(" ").at(-1) ?? 0);
		},
		close: () => app.close(),
	};
}
