import { quantile } from "../report/statistics.ts";
import type { MeasuredService } from "./measured-service.ts";

/** What a page of a list costs. */
export interface PageCost {
	/** Time by the clock, in the median. */
	readonly wallMs: number;
	/** CPU time of the service, on average. */
	readonly cpuMs: number;
	/** Size of the answer. */
	readonly bytes: number;
}

/** Pages that are not counted: they warm the service up. */
const warmUps = 10;

/** Reads the first page of a list in JSON, again and again, one at a time. */
export async function measurePages(
	service: MeasuredService,
	{ pageSize, calls }: { readonly pageSize: number; readonly calls: number },
): Promise<PageCost> {
	const read = async () => {
		const answer = await fetch(new URL("/novasphere.v1.WukongService/ListWukongs", service.url), {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ pageSize }),
		});
		const body = await answer.text();
		if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${body}`);
		return body;
	};
	for (let call = 0; call < warmUps; call++) await read();
	const wallsMs: number[] = [];
	const before = await service.ask("now");
	let body = "";
	for (let call = 0; call < calls; call++) {
		const startMs = performance.now();
		body = await read();
		wallsMs.push(performance.now() - startMs);
	}
	const after = await service.ask("now");
	const found = JSON.parse(body).wukongs.length;
	if (found !== pageSize) throw new Error(`a page of ${pageSize} has ${found}`);
	return {
		wallMs: quantile(wallsMs, 0.5),
		cpuMs: (after.cpuMs - before.cpuMs) / calls,
		bytes: Buffer.byteLength(body),
	};
}
