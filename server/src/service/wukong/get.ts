import { create } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	type GetWukongRequest,
	type GetWukongResponse,
	GetWukongResponseSchema,
	type WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { wukongNotFound } from "../../resource/wukong/failures.ts";
import { callerOf, type ServiceContext, staleSince } from "./service-context.ts";

/** Creates the method GetWukong: one VM, from the replica in memory. */
export function createGet({
	replica,
	defaultNamespace,
}: ServiceContext): MethodImpl<typeof WukongService.method.getWukong> {
	const responses = new WeakMap<Wukong, GetWukongResponse>();
	replica.onSuperseded((wukong) => responses.delete(wukong));
	/** Returns the one response of each state of a VM, so that it is encoded once. */
	const responseOf = (wukong: Wukong) => {
		let response = responses.get(wukong);
		if (response === undefined) {
			response = Object.freeze(create(GetWukongResponseSchema, { wukong }));
			responses.set(wukong, response);
		}
		return response;
	};
	const read = (request: GetWukongRequest) => {
		const ref = { namespace: request.namespace || defaultNamespace, name: request.name };
		const wukong = replica.get(ref);
		if (wukong === undefined) throw wukongNotFound(ref);
		const stale = staleSince(replica);
		return stale === undefined ? responseOf(wukong) : { wukong, staleSince: stale };
	};
	// An answer that waits for nothing costs no turn of the microtask queue.
	return (request, context) => {
		if (request.minResourceVersion === "") return read(request);
		return replica.reach(request.minResourceVersion, callerOf(context)).then(() => read(request));
	};
}
