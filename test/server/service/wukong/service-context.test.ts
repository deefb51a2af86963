import { create } from "@bufbuild/protobuf";
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { WatchWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import type { Caller, Principal } from "../../../../server/src/caller.ts";
import { principalKey } from "../../../../server/src/rpc/call/call-context.ts";
import {
	callerOf,
	type ServiceContext,
} from "../../../../server/src/service/wukong/service-context.ts";
import { createWatch } from "../../../../server/src/service/wukong/watch.ts";

const ann: Principal = {
	...{ name: "ann", groups: ["ops"], method: "oidc" },
	...{ expireTimeMs: 1_000, credentialId: "ann's" },
};

/** The context of a call whose signal is made only when somebody asks. */
function contextOf(principal: Principal | undefined) {
	const asked = { signals: 0 };
	const context = {
		values: createContextValues().set(principalKey, principal),
		get signal() {
			asked.signals++;
			return new AbortController().signal;
		},
	} as HandlerContext;
	return { context, asked };
}

test("a watch is opened for its caller: the principal that an interceptor has set", () => {
	const callers: Caller[] = [];
	const replica = { watch: ({ caller }: { caller: Caller }) => void callers.push(caller) };
	const service = { replica, defaultNamespace: "default", heartbeatIntervalMs: 1_000 };
	const watch = createWatch(service as unknown as ServiceContext);
	for (const principal of [ann, undefined]) {
		watch(create(WatchWukongRequestSchema), contextOf(principal).context);
	}
	expect(callers.map(({ principal }) => principal)).toEqual([ann, undefined]);
});

test("a caller's signal is not made before somebody asks for it", () => {
	const { context, asked } = contextOf(ann);
	const caller = callerOf(context);
	expect([caller.principal, asked.signals]).toEqual([ann, 0]);
	expect([caller.signal.aborted, asked.signals]).toEqual([false, 1]);
});
