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

/** Creates the method ListWukongs: one page of a snapshot. An empty namespace means all of them. */
export function createList({
	replica,
}: ServiceContext): MethodImpl<typeof WukongService.method.listWukongs> {
	const responses = new WeakMap<ListPage, ListWukongsResponse>();
	/** Returns the one response of each shared page, so that it is encoded once. */
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
		// An answer that waits for nothing costs no turn of the microtask queue.
		return page instanceof Promise ? page.then(toResponse) : toResponse(page);
	};
}
