import { createServiceImplSpec, type ServiceImplSpec } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { createCreate } from "./create.ts";
import { createDelete } from "./delete.ts";
import { createGet } from "./get.ts";
import { createList } from "./list.ts";
import { createPower } from "./power.ts";
import type { ServiceContext } from "./service-context.ts";
import { createUpdate } from "./update.ts";
import { createWatch } from "./watch.ts";

/**
 * WukongService over one store and its replica. Requests must have passed the field rules (see
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
		watchWukong: createWatch(context),
	});
}
