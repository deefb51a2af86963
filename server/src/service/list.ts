import type { MethodImpl } from "@connectrpc/connect";
import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { createSelector } from "../watch/selector.ts";
import { type ServiceContext, staleSince } from "./service-context.ts";

/** ListWukongs: one page of a snapshot. An empty namespace means all of them. */
export function createList({
	replica,
}: ServiceContext): MethodImpl<typeof WukongService.method.listWukongs> {
	return async (request, { signal }) => {
		const page = await replica.list({
			filter: {
				namespace: request.namespace,
				name: "",
				selector: createSelector(request.labels, request.labelSelector),
			},
			pageSize: request.pageSize,
			pageToken: request.pageToken,
			minResourceVersion: request.minResourceVersion,
			signal,
		});
		return { ...page, staleSince: staleSince(replica) };
	};
}
