import { create } from "@bufbuild/protobuf";
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import {
	WukongStatus_PowerState as State,
	type Wukong,
	WukongSchema,
} from "@novasphere/wukong-gen/wukong";
import { StartWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { createPower } from "../../../../server/src/service/wukong/power.ts";
import type { ServiceContext } from "../../../../server/src/service/wukong/service-context.ts";
import type { Edit } from "../../../../server/src/store/store.ts";

/** A VM that is wished on or off, as it is observed. */
function vm(autoStart: boolean, powerState: State, kubevirtStatus: string): Wukong {
	return create(WukongSchema, {
		namespace: "default",
		name: "a",
		spec: { startStrategy: { autoStart } },
		status: { powerState, kubevirtStatus },
	});
}

/** Calls Start or Stop once. */
async function call(on: boolean, current: Wukong) {
	let wanted: Edit | undefined;
	const store = {
		edit: async (_ref: unknown, edit: (current: Wukong) => Edit | undefined) => {
			wanted = edit(current);
			return current;
		},
	};
	const power = createPower({ store, defaultNamespace: "default" } as never as ServiceContext, on);
	const request = create(StartWukongRequestSchema, { name: "a" });
	const { changed, wukong } = await power(request, {
		timeoutMs: () => undefined,
		values: createContextValues(),
	} as HandlerContext);
	expect(wukong.status).toEqual(current.status);
	return { changed, wakes: wanted?.wakeOperator ?? false };
}

test("Start of a VM that was stopped past the operator makes that act, and says changed", async () => {
	expect(await call(true, vm(true, State.STOPPED, "Stopped"))).toEqual({
		changed: true,
		wakes: true,
	});
});

test("Start of a VM that is paused, starting, running or failed changes nothing, and resumes nothing", async () => {
	for (const [state, word] of [
		[State.PAUSED, "Paused"],
		[State.STARTING, "Stopped"],
		[State.RUNNING, "Running"],
		[State.ERROR, "CrashLoopBackOff"],
		[State.UNKNOWN, "Unknown"],
	] as const) {
		expect(await call(true, vm(true, state, word))).toEqual({ changed: false, wakes: false });
	}
});

test("Stop of a VM that is told to run past the operator makes that act, and claims nothing", async () => {
	for (const word of ["Starting", "Running", "Paused", "Migrating"]) {
		expect(await call(false, vm(false, State.STOPPING, word))).toEqual({
			changed: false,
			wakes: true,
		});
	}
});

test("Stop of a VM that is off or on its way down wakes nobody", async () => {
	expect(await call(false, vm(false, State.STOPPED, "Stopped"))).toEqual({
		changed: false,
		wakes: false,
	});
	expect(await call(false, vm(false, State.STOPPING, "Stopping"))).toEqual({
		changed: false,
		wakes: false,
	});
});
