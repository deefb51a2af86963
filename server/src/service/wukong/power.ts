import { clone, create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
	WukongStatus_PowerState,
} from "@novasphere/wukong-gen/wukong";
import type { StartWukongRequest, StopWukongRequest } from "@novasphere/wukong-gen/wukong-service";
import { wantedOn } from "../../resource/wukong/power-state.ts";
import { principalKey } from "../../rpc/call/call-context.ts";
import type { Edit } from "../../store/store.ts";
import { requestedMs } from "./durations.ts";
import { checkNotDeleting, checkPreconditions } from "./preconditions.ts";
import type { ServiceContext } from "./service-context.ts";

type PowerRequest = StartWukongRequest | StopWukongRequest;
type PowerAnswer = { readonly wukong: Wukong; readonly changed: boolean };

/**
 * Creates the methods StartWukong and StopWukong: they write auto_start and keep run_strategy. What
 * is wanted already is no error, and nothing is written; but where a VM that is wanted on is off, it
 * was stopped from outside, and Start has it started again; Stop, likewise, has one stopped that was
 * started from outside. A grace period shortens a stop that is
 * under way, too.
 * @param on true for Start
 */
export function createPower(
	{ store, defaultNamespace }: ServiceContext,
	on: boolean,
): (request: PowerRequest, context: HandlerContext) => Promise<PowerAnswer> {
	return async (request, { signal, timeoutMs: remainingMs, values }) => {
		const { uid, resourceVersion, validateOnly } = request;
		const gracePeriodMs = gracePeriodOf(request);
		let changed = false;
		const wukong = await store.edit(
			{ namespace: request.namespace || defaultNamespace, name: request.name },
			(current) => {
				checkPreconditions(current, { uid, resourceVersion });
				checkNotDeleting(current);
				const wakeOperator = on ? isStoppedOutside(current) : isStartedOutside(current);
				// A VM that runs although it is wanted off may be about to stop: nothing is claimed.
				changed = wantedOn(current.spec) !== on || (on && wakeOperator);
				if (!changed && !wakeOperator && gracePeriodMs === undefined) return undefined;
				return { ...powerEdit(current, on), wakeOperator, gracePeriodMs };
			},
			{ validateOnly, signal, remainingMs, principal: values.get(principalKey) },
		);
		return { wukong, changed };
	};
}

/** @throws INVALID_REQUEST */
function gracePeriodOf(request: PowerRequest): number | undefined {
	return "gracePeriod" in request ? requestedMs("grace_period", request.gracePeriod) : undefined;
}

/** Checks for a VM that is wanted on and off all the same: STOPPED is never said while it starts. */
function isStoppedOutside({ spec, status }: Wukong): boolean {
	return wantedOn(spec) && status?.powerState === WukongStatus_PowerState.STOPPED;
}

/** Words of KubeVirt for a VM that is told to be on, and is or will be. */
const wordsOfOn = new Set(["Starting", "Running", "Paused", "Migrating"]);

/** Checks for a VM that is wanted off and that KubeVirt is told to run all the same. */
function isStartedOutside({ spec, status }: Wukong): boolean {
	return !wantedOn(spec) && wordsOfOn.has(status?.kubevirtStatus ?? "");
}

function powerEdit(current: Wukong, on: boolean): Edit {
	const next = clone(WukongSchema, current);
	next.spec ??= create(WukongSpecSchema);
	next.spec.startStrategy ??= create(StartStrategySchema);
	next.spec.startStrategy.autoStart = on;
	return { next, password: { action: "keep" }, passwordHash: { action: "keep" } };
}
