import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../server/src/clock.ts";
import { isJsonObject, type RawWukong } from "../../server/src/store/kubernetes/raw-wukong.ts";
import { publishRaw } from "../../server/src/store/kubernetes/resource-read.ts";
import { observe } from "../../server/src/store/phases/observe.ts";
import { defaultTimings } from "../../server/src/store/phases/operator-options.ts";
import type { FakeApiStore } from "./fake-api-store.ts";

/** The finalizer that the operator takes off when a deleted VM is cleaned up. */
export const finalizer = "wukong.novasphere.dev/finalizer";

/** Plays the operator on a fake API server: writes status, completes deletions. */
export function startFakeOperator(store: FakeApiStore, clock: Clock): void {
	const look = (namespace: string, name: string) => {
		const raw = store
			.list()
			.find((r) => r.metadata.namespace === namespace && r.metadata.name === name);
		if (raw === undefined) return;
		const wukong = publishRaw(raw);
		const { status, finalized, wakeAtMs } = observe(wukong, clock.nowMs(), defaultTimings);
		if (finalized) {
			const { finalizers: _, ...metadata } = raw.metadata;
			store.replace({ ...raw, metadata } as RawWukong, "spec", false);
		} else if (status !== wukong.status) {
			store.replace(
				{ ...raw, status: statusJson(toJson(WukongStatusSchema, status)) },
				"status",
				false,
			);
		} else if (wakeAtMs !== undefined) {
			clock.setTimer(Math.max(0, wakeAtMs - clock.nowMs()), () => look(namespace, name));
		}
	};
	store.onEvent(({ type, raw }) => {
		const { namespace, name } = raw.metadata;
		// As from another process: never within the write that it reacts to.
		if (type !== "DELETED") clock.setTimer(0, () => look(namespace, name));
	});
}

/** The contract's JSON as the resource has it: without what is derived, 64-bit numbers as numbers. */
function statusJson(json: unknown): JsonObject {
	const { powerState: _, ...status } = json as JsonObject;
	const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isJsonObject) : [];
	return {
		...status,
		conditions: conditions.map((condition) => ({
			...condition,
			observedGeneration: Number(condition.observedGeneration ?? 0),
		})),
	};
}
