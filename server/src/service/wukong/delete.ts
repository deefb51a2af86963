import type { MethodImpl } from "@connectrpc/connect";
import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { principalKey } from "../../rpc/call/call-context.ts";
import { checkPreconditions, checkUid } from "./preconditions.ts";
import type { ServiceContext } from "./service-context.ts";

/**
 * Creates the method DeleteWukong: begins a deletion. Repeating the call gives the same answer: once
 * the deletion has begun, its resource_version is not compared again.
 */
export function createDelete({
	store,
	replica,
	defaultNamespace,
}: ServiceContext): MethodImpl<typeof WukongService.method.deleteWukong> {
	return async (request, { signal, timeoutMs: remainingMs, values }) => {
		const { uid, resourceVersion, validateOnly } = request;
		const { wukong, version } = await store.remove(
			{ namespace: request.namespace || defaultNamespace, name: request.name },
			(current) => {
				if (current.deleteTime !== undefined) checkUid(current, uid);
				else checkPreconditions(current, { uid, resourceVersion });
			},
			{
				...{ validateOnly, signal, remainingMs, principal: values.get(principalKey) },
				anyState: resourceVersion === "",
			},
		);
		return { wukong, resourceVersion: replica.versionAt(version) };
	};
}
