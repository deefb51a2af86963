import { systemClock } from "../../server/src/clock.ts";
import { type CallContext, callContextKey } from "../../server/src/rpc/call/call-context.ts";
import { createCallInterceptor } from "../../server/src/service/interceptors/calls.ts";
import { createValidateInterceptor } from "../../server/src/service/interceptors/validate.ts";
import { createWukongEvents } from "../../server/src/service/wukong/wukong-events.ts";
import {
	cacheableTypes,
	createWukongService,
} from "../../server/src/service/wukong/wukong-service.ts";
import { createEmbeddedStore } from "../../server/src/store/embedded/embedded-store.ts";
import type { Store } from "../../server/src/store/store.ts";
import { createReplica } from "../../server/src/watch/replica.ts";
import { createCountingObserver } from "../support/watching.ts";
import type { Served } from "./ways.ts";

const foreverMs = 2 ** 31 - 1;
const history = { maxChanges: 1_000, maxAgeMs: foreverMs, maxBytes: 2 ** 24 };
const defaultNamespace = "default";

/** VMs `vm-0` and so on. */
const seedCount = 5;

/** The store, but nothing is written: what one way did would be there when the other is asked. */
function withoutWrites(store: Store): Store {
	const dry = { validateOnly: true };
	return {
		...store,
		create: (wukong, options) => store.create(wukong, { ...options, ...dry }),
		edit: (ref, edit, options) => store.edit(ref, edit, { ...options, ...dry }),
		remove: (ref, check, options) => store.remove(ref, check, { ...options, ...dry }),
		act: (ref, action, options) => store.act(ref, action, { ...options, ...dry }),
	};
}

/** WukongService as the app wires it, on a store in memory whose VMs stay as they are. */
export async function startRealService(): Promise<Served & { close(): Promise<void> }> {
	const clock = systemClock;
	const store = createEmbeddedStore({
		dataPath: ":memory:",
		seedCount,
		history,
		operator: {
			pendingMs: foreverMs,
			creatingMs: foreverMs,
			stoppingMs: foreverMs,
			deletingMs: foreverMs,
		},
		clock,
		onFault() {},
	});
	const replica = createReplica({
		feed: store,
		events: createWukongEvents(),
		clock,
		historyLimits: history,
		maxStreams: 100,
		observer: createCountingObserver(),
	});
	await replica.start();
	return {
		service: createWukongService({
			...{ store: withoutWrites(store), replica, defaultNamespace },
			heartbeatIntervalMs: 15_000,
			maxWaitMs: 600_000,
		}),
		interceptors: [
			createCallInterceptor({
				observers: [],
				contextOf: ({ contextValues }) => contextValues.get(callContextKey) as CallContext,
				clock,
			}),
			createValidateInterceptor(defaultNamespace),
		],
		cacheableTypes,
		close: () => store.close(),
	};
}
