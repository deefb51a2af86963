import { fileURLToPath } from "node:url";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { type App, createApp } from "./app/app.ts";
import { greeting, startErrorLine } from "./app/console-messages.ts";
import { runTokenCommand } from "./app/token-command.ts";
import { systemClock } from "./clock.ts";
import { type Config, parseConfig } from "./config/config.ts";
import { isFailure } from "./failure.ts";
import { createLogDestination, createLogger } from "./telemetry/logger.ts";

/** Sources run in a clone only: an installed package is built, Node strips no types there. */
const clonePath = import.meta.url.endsWith(".ts")
	? fileURLToPath(new URL("../..", import.meta.url))
	: undefined;

/** Time for calls to hear of a store that has failed, in milliseconds; those that have heard end it. */
const faultGraceMs = 5_000;

/**
 * Time in which a second signal is the first one again, in milliseconds: one that goes to a whole
 * group of processes (Ctrl-C, `timeout`, systemd) comes from npm as well, which passes it on.
 */
const echoMs = process.env.npm_lifecycle_event === undefined ? 0 : 500;

/** Exit codes, as the documentation lists them. */
const exitCodes = { stopped: 0, failed: 1, badConfiguration: 2, forced: 130 } as const;

/** Runs the service in this process: arguments, environment, signals, exit. */
export async function runProcess(): Promise<void> {
	const [command, ...words] = process.argv.slice(2);
	if (command === "token") {
		const { out, err, isGood } = await runTokenCommand(words, systemClock);
		process.stdout.write(out);
		process.stderr.write(err);
		process.exitCode = isGood ? exitCodes.stopped : exitCodes.badConfiguration;
		return;
	}
	const result = parseConfig(process.argv.slice(2), process.env);
	switch (result.kind) {
		case "help":
			process.stdout.write(result.text);
			break;
		case "faults":
			process.stderr.write(
				`${result.faults.map((fault) => `wukong-server: ${fault}`).join("\n")}\n`,
			);
			process.exit(exitCodes.badConfiguration);
			break;
		case "config":
			await run(result.config);
	}
}

async function run(config: Config): Promise<void> {
	// Standard output is for people, standard error for the log.
	const logger = createLogger(config.logLevel, createLogDestination(process.stderr));
	const die = (message: string) => (err: unknown) => {
		logger.fatal({ err }, message);
		process.exit(exitCodes.failed);
	};
	let exitCode: number = exitCodes.stopped;
	const shutDown = (app: App, graceMs: number) => {
		app.close(graceMs).then(() => {
			logger.info("stopped");
			process.exit(exitCode);
		}, die("shutdown failed"));
	};
	const stopWith = (app: App) => {
		let stoppingSinceMs: number | undefined;
		return (signal: NodeJS.Signals) => {
			if (stoppingSinceMs !== undefined) {
				if (systemClock.monotonicMs() - stoppingSinceMs < echoMs) return;
				if (!app.skipDelay()) process.exit(exitCodes.forced);
				stoppingSinceMs = systemClock.monotonicMs();
				return;
			}
			stoppingSinceMs = systemClock.monotonicMs();
			logger.info({ signal }, "shutting down");
			shutDown(app, config.shutdownGraceMs);
		};
	};
	// No write succeeds any more. The callers are told what is known before the process ends.
	const endAfterFault = (app: App, err: unknown) => {
		logger.fatal({ err }, "the store has failed");
		exitCode = exitCodes.failed;
		setTimeout(() => process.exit(exitCode), 2 * faultGraceMs);
		shutDown(app, faultGraceMs);
		app.skipDelay();
	};

	// Whatever was acknowledged is stored; going on in an unknown state could spoil it.
	process.on("uncaughtException", die("uncaught exception"));
	process.on("unhandledRejection", die("unhandled rejection"));
	// A closed pipe is no reason to end: only the greeting goes there.
	process.stdout.on("error", () => {});

	try {
		const app: App = createApp(config, {
			logger,
			processMetrics: true,
			kubeconfigPath: process.env.KUBECONFIG,
			output: process.stdout,
			onFault: (fault) => endAfterFault(app, fault),
		});
		const stop = stopWith(app);
		process.on("SIGTERM", stop);
		process.on("SIGINT", stop);
		const { url } = await app.listen();
		logger.info({ url, data: config.data }, "listening");
		// An audit log there is for programs.
		const people = config.auditLog === "-" ? process.stderr : process.stdout;
		people.write(greeting(url, config, clonePath));
	} catch (error) {
		// A signal came first; it ends the process.
		if (isFailure(error, ErrorReason.SHUTTING_DOWN)) return;
		process.stderr.write(`wukong-server: ${startErrorLine(error, config)}\n`);
		process.exit(exitCodes.failed);
	}
}
