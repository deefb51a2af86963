import type { Outcome } from "./case.ts";
import type { ServerProcess } from "./server-process.ts";

/** Times some work by the clock and by the server's CPU. @param work gives the units done */
export async function measure(
	server: ServerProcess,
	work: () => Promise<number>,
): Promise<Outcome> {
	const cpuBeforeMs = await server.cpuMs();
	const start = performance.now();
	const units = await work();
	const wallMs = performance.now() - start;
	return { units, wallMs, cpuMs: (await server.cpuMs()) - cpuBeforeMs };
}
