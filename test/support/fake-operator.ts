import type { Clock } from "../../server/src/clock.ts";
import { wukongKind } from "../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	statusJson,
	withoutFinalizer,
} from "../../server/src/store/kubernetes/operator/simulated-operator.ts";
import { defaultTimings } from "../../server/src/store/simulator/operator-options.ts";
import { reconcile } from "../../server/src/store/simulator/reconcile.ts";
import type { FakeApiStore } from "./fake-api-store.ts";

/** Plays the operator on a fake API server: writes status, completes deletions. */
export function startFakeOperator(store: FakeApiStore, clock: Clock): void {
	const look = (namespace: string, name: string) => {
		const raw = store
			.list()
			.find((r) => r.metadata.namespace === namespace && r.metadata.name === name);
		if (raw === undefined) return;
		const wukong = wukongKind.read(raw);
		const { status, finalized, wakeAtMs } = reconcile(wukong, clock.nowMs(), defaultTimings);
		if (finalized) {
			store.replace(withoutFinalizer(raw), "spec", false);
		} else if (status !== wukong.status) {
			store.replace({ ...raw, status: statusJson(status) }, "status", false);
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
