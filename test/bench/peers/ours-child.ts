// This service, wired as its main program wires it (field rules, metrics, log at its default), on
// a store that the benchmark can change. With "quiet" it neither logs nor counts.
import { createApp, type Surroundings } from "../../../server/src/app/app.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { createLogDestination, createLogger } from "../../../server/src/telemetry/logger.ts";
import { readPayload } from "../payload/payload.ts";
import { onBurst } from "./control.ts";
import { noMetrics } from "./no-metrics.ts";
import { createStoreDouble } from "./store-double.ts";

const [folder = "", manner] = process.argv.slice(2);
const { list } = readPayload(folder);
const store = createStoreDouble(list);
onBurst(store.change, list.wukongs.length);

// All load comes from one address.
const flags = ["--port", "0", "--max-connections-per-address", "10000"];
const parsed = parseConfig(flags, {});
if (parsed.kind !== "config") throw new Error(JSON.stringify(parsed));
const { config } = parsed;
const logger = createLogger(config.logLevel, createLogDestination(process.stderr));
const surroundings: Surroundings =
	manner === "quiet" ? { metrics: noMetrics } : { logger, processMetrics: true };

const { url } = await createApp(config, { ...surroundings, store }).listen();
process.stdout.write(`http1 ${url}\nhttp2 ${url}\n`);
