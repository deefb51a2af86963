// Plays the operator in a cluster that has only the definition: `npm run operator:simulate`. See
// docs/cluster.md. Prints a line for each step that a Wukong takes.

import { parseArgs } from "node:util";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { systemClock } from "../server/src/clock.ts";
import { wholeNumber } from "../server/src/config/parsers.ts";
import { isFailure } from "../server/src/failure.ts";
import { createProduct } from "../server/src/store/kubernetes/api-calls.ts";
import { createApiClient, defaultApiTimings } from "../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../server/src/store/kubernetes/kinds/wukong.ts";
import { openKubeconfig } from "../server/src/store/kubernetes/kubeconfig-access.ts";
import { createSimulatedOperator } from "../server/src/store/kubernetes/operator/simulated-operator.ts";
import { troubleWords } from "../server/src/store/kubernetes/upstream-observer.ts";
import {
	defaultTimings,
	type OperatorProfile,
	type OperatorTimings,
	operatorProfiles,
} from "../server/src/store/simulator/operator-options.ts";

const help = `Plays the operator in a cluster that has only the definition of Wukongs.

  --kubeconfig <file>   default: the usual places, in a pod its service account
  --context <name>      default: the kubeconfig's current one
  --namespace <name>    default: all namespaces
  --pending-ms <ms>     default: ${defaultTimings.pendingMs}; from Pending until volumes are bound
  --creating-ms <ms>    default: ${defaultTimings.creatingMs}; from Creating until the VM runs
  --stopping-ms <ms>    default: ${defaultTimings.stoppingMs}; from the wish to be off until it is
  --deleting-ms <ms>    default: ${defaultTimings.deletingMs}; from Stopped until a deleted VM is gone
  --profile <name>      ideal, the default, or public-437e853: the public operator, faults included

It puts a finalizer on each Wukong. Ctrl-C ends it; what was deleted waits until it runs again.
`;

/** Connections to the API server: the watch, and eight steps at one time. */
const maxConnections = 16;

const longestMs = 24 * 60 * 60 * 1_000;

function fail(exitCode: number, message: string): never {
	console.error(`operator: ${message}`);
	process.exit(exitCode);
}

function readCommandLine() {
	const text = { type: "string", default: "" } as const;
	const time = (defaultMs: number) => ({ type: "string", default: String(defaultMs) }) as const;
	return parseArgs({
		options: {
			kubeconfig: text,
			context: text,
			namespace: text,
			"pending-ms": time(defaultTimings.pendingMs),
			"creating-ms": time(defaultTimings.creatingMs),
			"stopping-ms": time(defaultTimings.stoppingMs),
			"deleting-ms": time(defaultTimings.deletingMs),
			profile: { type: "string", default: "ideal" },
			help: { type: "boolean", short: "h", default: false },
		},
	}).values;
}

function timingsFrom(flags: ReturnType<typeof readCommandLine>): OperatorTimings {
	const read = (name: "pending-ms" | "creating-ms" | "stopping-ms" | "deleting-ms") => {
		const parsed = wholeNumber(0, longestMs)(flags[name]);
		return "problem" in parsed ? fail(2, `--${name} ${parsed.problem}`) : parsed.value;
	};
	return {
		pendingMs: read("pending-ms"),
		creatingMs: read("creating-ms"),
		stoppingMs: read("stopping-ms"),
		deletingMs: read("deleting-ms"),
	};
}

function profileFrom(name: string): OperatorProfile {
	const found = operatorProfiles.find((profile) => profile === name);
	return found ?? fail(2, `--profile is one of ${operatorProfiles.join(", ")}`);
}

async function run(flags: ReturnType<typeof readCommandLine>): Promise<void> {
	const life = { ...timingsFrom(flags), profile: profileFrom(flags.profile) };
	const { kubeconfig, context, namespace } = flags;
	const access = await openKubeconfig({
		kubeconfig,
		searchPath: process.env.KUBECONFIG,
		context,
		maxConnections,
	});
	const clock = systemClock;
	const product = createProduct("wukong-operator-simulator");
	const api = createApiClient({
		resource: wukongKind,
		access,
		namespace,
		timings: defaultApiTimings,
		clock,
		product,
	});
	const silent = () => {};
	const operator = createSimulatedOperator({
		api,
		life,
		clock,
		observer: {
			listed: silent,
			watchOpened: silent,
			watchEnded: silent,
			troubled: (trouble, error) => console.error(`operator: ${troubleWords[trouble]}: ${error}`),
			recovered: () => console.error("operator: the cluster answers again"),
			stepped: (ref, phase) => console.log(`${ref.namespace}/${ref.name} ${phase || "gone"}`),
			stepFailed: (ref, error) => console.error(`${ref.namespace}/${ref.name}: ${error}`),
		},
	});
	// The clock's timers keep no process alive.
	const alive = setInterval(silent, longestMs);
	const stop = async () => {
		await operator.close();
		api.close();
		clearInterval(alive);
	};
	// A second signal finds no handler and ends the process at once.
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
	await operator.start();
	console.log(`operator: leads ${namespace || "all namespaces"} of ${access.server.href}`);
}

try {
	const flags = readCommandLine();
	if (flags.help) console.log(help);
	else await run(flags);
} catch (error) {
	// A signal came before it began; that ends the process.
	if (!isFailure(error, ErrorReason.SHUTTING_DOWN)) {
		fail(2, error instanceof Error ? error.message : String(error));
	}
}
