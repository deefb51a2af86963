import { clone, create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
} from "@novasphere/wukong-gen/wukong";
import type { StartWukongRequest, StopWukongRequest } from "@novasphere/wukong-gen/wukong-service";
import { wantedOn } from "../../resource/wukong/power-state.ts";
import type { Edit } from "../../store/store.ts";
import { checkNotDeleting, checkPreconditions } from "./preconditions.ts";
import type { ServiceContext } from "./service-context.ts";

type PowerRequest = StartWukongRequest | StopWukongRequest;
type PowerAnswer = { readonly wukong: Wukong; readonly changed: boolean };

/**
 * Creates the methods StartWukong and StopWukong: they write auto_start and keep run_strategy. What
 * is wanted already is no error, and nothing is written.
 * @param on true for Start
 */
export function createPower(
	{ store, defaultNamespace }: ServiceContext,
	on: boolean,
): (request: PowerRequest, context: HandlerContext) => Promise<PowerAnswer> {
	return async (request, { signal, timeoutMs: remainingMs }) => {
		const { uid, resourceVersion, validateOnly } = request;
		let changed = false;
		const wukong = await store.edit(
			{ namespace: request.namespace || defaultNamespace, name: request.name },
			(current) => {
				checkPreconditions(current, { uid, resourceVersion });
				checkNotDeleting(current);
				changed = wantedOn(current.spec) !== on;
				return changed ? powerEdit(current, on) : undefined;
			},
			{ validateOnly, signal, remainingMs },
		);
		return { wukong, changed };
	};
}

function powerEdit(current: Wukong, on: boolean): Edit {
	const next = clone(WukongSchema, current);
	next.spec ??= create(WukongSpecSchema);
	next.spec.startStrategy ??= create(StartStrategySchema);
	next.spec.startStrategy.autoStart = on;
	return { next, password: { action: "keep" }, passwordHash: { action: "keep" } };
}
