import { createApp } from "../../server/src/app.ts";
import { parseConfig } from "../../server/src/config/config.ts";

/** A service that answers, on a free port and with its data in memory. */
export interface RunningApp extends AsyncDisposable {
	readonly url: string;
}

/** Starts the whole service in this process. `flags` are those of its command line. */
export async function startApp(...flags: string[]): Promise<RunningApp> {
	const argv = ["--port", "0", "--data", ":memory:", "--shutdown-grace-ms", "2000", ...flags];
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(`bad flags: ${JSON.stringify(result)}`);
	const app = createApp(result.config);
	const { url } = await app.listen();
	return { url, [Symbol.asyncDispose]: () => app.close() };
}
