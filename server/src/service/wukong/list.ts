import { create } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import {
	type ListWukongsResponse,
	ListWukongsResponseSchema,
	type WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import type { ListPage } from "../../watch/pages.ts";
import { createSelector } from "../../watch/selector/selector.ts";
import { callerOf, type ServiceContext, staleSince } from "./service-context.ts";

/** ListWukongs: one page of a snapshot. An empty namespace means all of them. */
export function createList({
	replica,
}: ServiceContext): MethodImpl<typeof WukongService.method.listWukongs> {
	const responses = new WeakMap<ListPage, ListWukongsResponse>();
	/** One response for each page that is shared, so that its bytes are made once. */
	const responseOf = (page: ListPage) => {
		if (!Object.isFrozen(page)) return page;
		let response = responses.get(page);
		if (response === undefined) {
			response = Object.freeze(create(ListWukongsResponseSchema, page));
			responses.set(page, response);
		}
		return response;
	};
	const toResponse = (page: ListPage) => {
		const stale = staleSince(replica);
		return stale === undefined ? responseOf(page) : { ...page, staleSince: stale };
	};
	return (request, context) => {
		const page = replica.list({
			filter: {
				namespace: request.namespace,
				name: "",
				selector: createSelector(request.labels, request.labelSelector),
			},
			pageSize: request.pageSize,
			pageToken: request.pageToken,
			minResourceVersion: request.minResourceVersion,
			caller: callerOf(context),
		});
		// What is there at once costs no turn of the microtask queue.
		return page instanceof Promise ? page.then(toResponse) : toResponse(page);
	};
}
