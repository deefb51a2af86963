import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type ServiceProcess, startServiceProcess } from "../../support/service-process.ts";
import type { Question, Usage } from "./usage.ts";

/** The service before a cluster, in a process of its own. */
export interface MeasuredService extends Pick<ServiceProcess, "url" | "kill"> {
	/** From the start of the process until it was ready. */
	readonly readyMs: number;
	/** Stops the process in its tracks until `resume`. */
	pause(): void;
	resume(): void;
	ask(question: Question): Promise<Usage>;
	/** The value of a metric, summed over those of its lines that match; 0 where there is none. */
	metric(line: RegExp): Promise<number>;
}

const meter = fileURLToPath(new URL("memory-meter.ts", import.meta.url));

/** Starts it as in production, with a log that says only what goes wrong. */
export async function startMeasuredService(kubeconfig: string): Promise<MeasuredService> {
	const startMs = performance.now();
	const { url, child, kill } = await startServiceProcess({
		flags: ["--store", "kubernetes", "--kubeconfig", kubeconfig, "--log-level", "warn"],
		nodeFlags: ["--expose-gc", "--import", meter],
	});
	return {
		url,
		kill,
		readyMs: performance.now() - startMs,
		pause: () => void child.kill("SIGSTOP"),
		resume: () => void child.kill("SIGCONT"),
		async ask(question) {
			child.send(question);
			const [usage] = await once(child, "message");
			return usage;
		},
		async metric(line) {
			const page = await (await fetch(new URL("/metrics", url))).text();
			return sumOfLines(page, line);
		},
	};
}

/** Adds up the values of the lines of a Prometheus page that match. */
export function sumOfLines(page: string, pattern: RegExp): number {
	const lines = page.split("\n").filter((line) => pattern.test(line));
	return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
