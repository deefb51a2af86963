import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";

/** A program that runs beside the tests, in a process group of its own. */
export interface KeptProcess {
	readonly running: boolean;
	/** The last lines that it wrote. */
	log(): string;
	/** Asks it to end, with time to finish what it does. Resolves when it is gone. */
	stop(): Promise<void>;
	/** Ends it at once. Resolves when it is gone. */
	kill(): Promise<void>;
}

/** A program to run. */
export interface KeptCommand {
	readonly program: string;
	readonly args: readonly string[];
	/** Takes what it writes; continued if it exists. */
	readonly logFile: string;
}

/**
 * Runs "$@" until it ends, until TERM asks it to, or until stdin ends. The last is what keeps a
 * killed test run from leaving programs behind: a pipe closes however its holder dies.
 */
const keeper = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
trap 'kill -TERM "$child"' TERM
{ cat <&3 >/dev/null; kill -KILL "$child"; } 2>/dev/null &
guard=$!
while kill -0 "$child" 2>/dev/null; do wait "$child"; done
kill "$guard"
`;

/** Starts a program that does not outlive this process. */
export function startProcess({ program, args, logFile }: KeptCommand): KeptProcess {
	const log = openSync(logFile, "a");
	const child = spawn("sh", ["-c", keeper, "keeper", program, ...args], {
		detached: true,
		stdio: ["pipe", log, log],
	});
	closeSync(log);
	const gone = once(child, "close");
	const running = () => child.exitCode === null && child.signalCode === null;
	const end = async (pid: number | undefined, signal: NodeJS.Signals) => {
		if (pid !== undefined && running()) process.kill(pid, signal);
		await gone;
	};
	return {
		get running() {
			return running();
		},
		log: () => readFileSync(logFile, "utf8").split("\n").slice(-20).join("\n"),
		stop: () => end(child.pid, "SIGTERM"),
		// A negative id means the group.
		kill: () => end(child.pid && -child.pid, "SIGKILL"),
	};
}
