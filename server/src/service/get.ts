import type { MethodImpl } from "@connectrpc/connect";
import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { wukongNotFound } from "../failure.ts";
import { type ServiceContext, staleSince } from "./service-context.ts";

/** GetWukong: one VM, from the picture of this process. */
export function createGet({
	replica,
	defaultNamespace,
}: ServiceContext): MethodImpl<typeof WukongService.method.getWukong> {
	return async (request, context) => {
		if (request.minResourceVersion !== "") {
			await replica.reach(request.minResourceVersion, context.signal);
		}
		const ref = { namespace: request.namespace || defaultNamespace, name: request.name };
		const wukong = replica.get(ref);
		if (wukong === undefined) throw wukongNotFound(ref);
		return { wukong, staleSince: staleSince(replica) };
	};
}
