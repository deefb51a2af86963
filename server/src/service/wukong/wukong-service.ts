import { type DescMessage, isMessage } from "@bufbuild/protobuf";
import { createServiceImplSpec, type ServiceImplSpec } from "@connectrpc/connect";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	WukongEventSchema,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { createAction, restartOf } from "./actions.ts";
import { createCreate } from "./create.ts";
import { createDelete } from "./delete.ts";
import { createGet } from "./get.ts";
import { createList } from "./list.ts";
import { createPower } from "./power.ts";
import type { ServiceContext } from "./service-context.ts";
import { createUpdate } from "./update.ts";
import { createWait } from "./wait.ts";
import { createWatch } from "./watch.ts";

/**
 * Creates WukongService over one store and its replica. Requests must have passed the field rules (see
 * `createValidateInterceptor`); failures are thrown as `Failure`.
 */
export function createWukongService(context: ServiceContext): ServiceImplSpec {
	return createServiceImplSpec<typeof WukongService>(WukongService, {
		listWukongs: createList(context),
		getWukong: createGet(context),
		createWukong: createCreate(context),
		updateWukong: createUpdate(context),
		deleteWukong: createDelete(context),
		startWukong: createPower(context, true),
		stopWukong: createPower(context, false),
		restartWukong: createAction(context, restartOf),
		pauseWukong: createAction(context, () => ({ kind: "pause" })),
		resumeWukong: createAction(context, () => ({ kind: "resume" })),
		waitWukong: createWait(context),
		watchWukong: createWatch(context),
	});
}

/** Lists the types whose messages the service freezes and gives to every caller: they are encoded once. */
export const cacheableTypes: readonly DescMessage[] = [
	WukongSchema,
	WukongEventSchema,
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
];

/**
 * Returns the VM in a message of {@link cacheableTypes}; undefined: it is not about one VM. Once that
 * VM has a newer state, few callers get the message again, and its bytes need not be kept.
 */
export function wukongIn(message: object): Wukong | undefined {
	if (isMessage(message, WukongSchema)) return message;
	return "wukong" in message ? (message.wukong as Wukong | undefined) : undefined;
}
