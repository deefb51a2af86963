import type { HandlerContext } from "@connectrpc/connect";
import {
	RestartWukongRequest_Mode as Mode,
	type PauseWukongRequest,
	type RestartWukongRequest,
	type ResumeWukongRequest,
} from "@novasphere/wukong-gen/wukong-service";
import { principalKey } from "../../rpc/call/call-context.ts";
import type { Action, ActionResult, RestartMode } from "../../store/store.ts";
import { checkNotDeleting, checkPreconditions } from "./preconditions.ts";
import type { ServiceContext } from "./service-context.ts";

type ActionRequest = RestartWukongRequest | PauseWukongRequest | ResumeWukongRequest;

/**
 * Creates the methods RestartWukong, PauseWukong and ResumeWukong: what is done to a VM that runs.
 * No wish is changed; whether the VM runs is judged by the store.
 */
export function createAction<R extends ActionRequest>(
	{ store, defaultNamespace }: ServiceContext,
	actionOf: (request: R) => Action,
): (request: R, context: HandlerContext) => Promise<ActionResult> {
	return (request, { signal, timeoutMs: remainingMs, values }) => {
		const { uid, resourceVersion, validateOnly } = request;
		return store.act(
			{ namespace: request.namespace || defaultNamespace, name: request.name },
			actionOf(request),
			{
				check(current) {
					checkPreconditions(current, { uid, resourceVersion });
					checkNotDeleting(current);
				},
				...{ validateOnly, signal, remainingMs, principal: values.get(principalKey) },
			},
		);
	};
}

const modes: Readonly<Record<Mode, RestartMode>> = {
	[Mode.MODE_UNSPECIFIED]: "graceful",
	[Mode.GRACEFUL]: "graceful",
	[Mode.FORCE]: "force",
	[Mode.SOFT]: "soft",
	[Mode.RESET]: "reset",
};

/** Returns the action that a restart asks for; field rules refuse any other mode. */
export function restartOf({ mode }: RestartWukongRequest): Action {
	return { kind: "restart", mode: modes[mode] };
}
