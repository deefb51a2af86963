import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { text } from "node:stream/consumers";
import { createApp } from "../../server/src/app/app.ts";
import { parseConfig } from "../../server/src/config/config.ts";

/** A service that answers, on a free port and with its data in memory. */
export interface RunningApp extends AsyncDisposable {
	readonly url: string;
	/** The value of a metric, summed over its labels; 0 where it was never counted. */
	metric(name: string): Promise<number>;
	/** Shuts down as a signal would. */
	close(): Promise<void>;
}

/** Starts the whole service in this process. `flags` are those of its command line. */
export async function startApp(...flags: readonly string[]): Promise<RunningApp> {
	const data = flags.includes("kubernetes") ? [] : ["--data", ":memory:"];
	const argv = ["--port", "0", "--shutdown-grace-ms", "20000", ...data, ...flags];
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(`bad flags: ${JSON.stringify(result)}`);
	const app = createApp(result.config);
	const { url } = await app.listen();
	return {
		url,
		close: () => app.close(),
		[Symbol.asyncDispose]: () => app.close(),
		async metric(name) {
			return (await readPage(`${url}/metrics`))
				.split("\n")
				.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
				.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
		},
	};
}

/** Operator timings so long that a VM stays where a call has put it. */
export const standingOperator: readonly string[] = [
	"--operator-pending-ms=100000000",
	"--operator-creating-ms=100000000",
	"--operator-stopping-ms=100000000",
	"--operator-deleting-ms=100000000",
];

/** Reads a page, also where its certificate is one that a test has made. */
function readPage(url: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const get = url.startsWith("https:") ? getHttps : getHttp;
		get(url, { agent: false, rejectUnauthorized: false } as object, (response) => {
			text(response).then(resolve, reject);
		}).on("error", reject);
	});
}
