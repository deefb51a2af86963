import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { createApp } from "../../../server/src/app/app.ts";
import { systemClock } from "../../../server/src/clock.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { createMetrics } from "../../../server/src/telemetry/metrics.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

test("an app serves the store it is given, counts where it is told to, and closes the store", async () => {
	const parsed = parseConfig(["--port=0"], {});
	if (parsed.kind !== "config") expect.fail(JSON.stringify(parsed));
	const memory = createMemoryStore(systemClock);
	memory.put({ name: "given" });
	let closed = 0;
	const store = { ...memory, close: async () => void closed++ };
	const metrics = createMetrics({ processMetrics: false });
	const app = createApp(parsed.config, { store, metrics });
	const { url } = await app.listen();
	try {
		const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
		const { wukong } = await createClient(WukongService, transport).getWukong({ name: "given" });
		expect(wukong?.name).toBe("given");
		const { body } = await metrics.exposition();
		expect(body).toMatch(/wukong_requests_total\{.*method="GetWukong".*\} 1/);
	} finally {
		await app.close();
	}
	expect(closed).toBe(1);
});
