import type { Outcome } from "../measure.ts";
import type { ServerProcess } from "../servers/server-process.ts";

/** Times some work, by the clock and by the server's CPU. @param work gives the units done */
export async function measureRate(
	server: Pick<ServerProcess, "cpuMs">,
	work: () => Promise<number>,
): Promise<Outcome> {
	const cpuBeforeMs = await server.cpuMs();
	const startMs = performance.now();
	const units = await work();
	const wallMs = performance.now() - startMs;
	const cpuMs = (await server.cpuMs()) - cpuBeforeMs;
	return { clock: perSecond(units, wallMs), cpu: perSecond(units, cpuMs) };
}

function perSecond(units: number, ms: number): number {
	return ms > 0 ? (units * 1_000) / ms : 0;
}
