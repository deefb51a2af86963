import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { pino } from "pino";
import { createApp } from "../../server/src/app/app.ts";
import { parseConfig } from "../../server/src/config/config.ts";
import { pathOf } from "../support/path-of.ts";
import { standingOperator } from "../support/running-app.ts";
import type { Facts } from "./row.ts";

/** A started service with VMs in it, and what is to be known of it between inputs. */
export interface Stage extends AsyncDisposable {
	readonly facts: Facts;
	readonly url: string;
	readonly portNumber: number;
	/** Lines of the log at its default level, since it was cleared. */
	logLines(): readonly string[];
	clearLog(): void;
	/** A good call on a connection of its own; gives the store's version. */
	storeVersion(): Promise<string>;
	/** What is in use now is the base: the inputs themselves are. */
	takeBase(): void;
	/** No more buffers are in use than the base, but for Node's own pools. */
	areBuffersFree(): boolean;
}

/** Buffers that Node keeps for the next connection, in bytes. */
const slackBytes = 2 * 1024 * 1024;
const usedBytes = () => process.memoryUsage().arrayBuffers;

const disks = [
	{ name: "root", size: "10Gi", boot: true },
	{ name: "data", size: "10Gi" },
];

/** Starts the whole service, with its data in memory. `flags` are those of its command line. */
export async function openStage(...flags: readonly string[]): Promise<Stage> {
	const argv = ["--port", "0", "--data", ":memory:", ...standingOperator, ...flags];
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(`bad flags: ${JSON.stringify(result)}`);
	const lines: string[] = [];
	const logger = pino({ level: result.config.logLevel }, { write: (line) => lines.push(line) });
	const app = createApp(result.config, { logger });
	const { url, port } = await app.listen();
	const call = async (method: string, request: object) => {
		const response = await fetch(url + pathOf(method), {
			method: "POST",
			headers: { "content-type": "application/json", connection: "close" },
			body: JSON.stringify(request),
		});
		if (response.status !== 200) throw new Error(`${method}: ${await response.text()}`);
		return response.json() as Promise<Record<string, string>>;
	};
	for (const name of ["web-1", "web-3"]) {
		await call("CreateWukong", { wukong: { name, spec: { cpu: 4, memory: "8Gi", disks } } });
	}
	const page = await call("ListWukongs", { namespace: "default", pageSize: 1 });
	let maxUsedBytes = 0;
	return {
		url,
		portNumber: port,
		facts: {
			name: "web-1",
			storeVersion: page.resourceVersion as string,
			pageToken: page.nextPageToken as string,
			maxRequestBytes: result.config.maxRequestBytes,
		},
		logLines: () => lines,
		clearLog: () => void lines.splice(0),
		storeVersion: async () => (await call("ListWukongs", {})).resourceVersion as string,
		takeBase() {
			collectGarbage();
			maxUsedBytes = usedBytes() + slackBytes;
		},
		areBuffersFree() {
			// What was used and left is no fault; to collect it costs more than all the rest.
			if (usedBytes() > maxUsedBytes) collectGarbage();
			return usedBytes() <= maxUsedBytes;
		},
		[Symbol.asyncDispose]: () => app.close(0),
	};
}

// Tests run without --expose-gc; a context that is made after the flag was set has the function.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
