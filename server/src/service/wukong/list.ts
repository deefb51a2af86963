import { create } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	type ListWukongsResponse,
	ListWukongsResponseSchema,
	type WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import type { Scope } from "../../watch/filter.ts";
import type { ListPage } from "../../watch/page-cache.ts";
import { createSelector } from "../../watch/selector/selector.ts";
import { callerOf, listedNamespaces, type ServiceContext, staleSince } from "./service-context.ts";

/** Creates the method ListWukongs: one page of a snapshot. An empty namespace means all that the caller may read. */
export function createList({
	replica,
}: ServiceContext): MethodImpl<typeof WukongService.method.listWukongs> {
	const responses = new WeakMap<ListPage<Wukong>, ListWukongsResponse>();
	/** Returns the one response of each shared page, so that it is encoded once. */
	const responseOf = (page: ListPage<Wukong>) => {
		if (!Object.isFrozen(page)) return contentOf(page);
		let response = responses.get(page);
		if (response === undefined) {
			response = Object.freeze(create(ListWukongsResponseSchema, contentOf(page)));
			responses.set(page, response);
		}
		return response;
	};
	const toResponse = (page: ListPage<Wukong>) => {
		const stale = staleSince(replica);
		return stale === undefined ? responseOf(page) : { ...contentOf(page), staleSince: stale };
	};
	return (request, context) => {
		const read = (namespace: Scope["namespace"]) =>
			replica.list({
				filter: {
					namespace,
					name: "",
					selector: createSelector(request.labels, request.labelSelector),
				},
				pageSize: request.pageSize,
				pageToken: request.pageToken,
				minResourceVersion: request.minResourceVersion,
				caller: callerOf(context),
			});
		const namespaces = listedNamespaces(context, request.namespace);
		const page = namespaces instanceof Promise ? namespaces.then(read) : read(namespaces);
		// An answer that waits for nothing costs no turn of the microtask queue.
		return page instanceof Promise ? page.then(toResponse) : toResponse(page);
	};
}

function contentOf({ objects, nextPageToken, resourceVersion }: ListPage<Wukong>) {
	// The response is made to be read only, but its type does not say so.
	return { wukongs: objects as Wukong[], nextPageToken, resourceVersion };
}
