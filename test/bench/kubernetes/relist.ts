import type { ApiServer } from "../../cluster/api-server.ts";
import { poll } from "../../cluster/poll.ts";
import type { MeasuredService } from "./measured-service.ts";

/** What reading all VMs again takes. */
export interface RelistCost {
	/** The highest heap on the way, over the heap before. */
	readonly heapGrowth: number;
	/** The same of the memory that the system has given. */
	readonly rssGrowth: number;
	/** Heap when it was over, over the heap before. */
	readonly heapAfter: number;
}

/** Generous: it only bounds a failing run. */
const ceilingMs = 300_000;

/**
 * Restarts the API server: it has forgotten what it kept for watches then, and the service has to
 * list again.
 * @param meanwhile happens while the service does not look
 */
export async function measureRelist(
	service: MeasuredService,
	apiServer: ApiServer,
	meanwhile: () => Promise<void>,
): Promise<RelistCost> {
	const lists = () =>
		service.metric(/^wukong_upstream_lists_total\{cause="expired",kind="wukongs"\}/);
	const listsBefore = await lists();
	const before = await service.ask("settled");
	await service.ask("seek peak");
	service.pause();
	await meanwhile();
	await apiServer.stop();
	await apiServer.start();
	service.resume();
	await poll("all was listed again", async () => (await lists()) > listsBefore, ceilingMs);
	const peak = await service.ask("peak");
	const after = await service.ask("settled");
	return {
		heapGrowth: peak.heapBytes / before.heapBytes,
		rssGrowth: peak.rssBytes / before.rssBytes,
		heapAfter: after.heapBytes / before.heapBytes,
	};
}
