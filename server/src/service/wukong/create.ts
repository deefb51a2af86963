import { create } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import {
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
} from "@novasphere/wukong-gen/wukong";
import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { invalidWukong } from "../../resource/wukong/failures.ts";
import { hiddenAnnotationViolations } from "../../resource/wukong/hidden-annotations.ts";
import { validateWukong } from "../../resource/wukong/rules/rules.ts";
import { dropUnknownFields } from "./drop-unknown-fields.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { ServiceContext } from "./service-context.ts";

/** CreateWukong: idempotent by request_id. */
export function createCreate({
	store,
	defaultNamespace,
}: ServiceContext): MethodImpl<typeof WukongService.method.createWukong> {
	return async (request, { signal, timeoutMs: remainingMs }) => {
		const wukong = contentOf(request.wukong ?? create(WukongSchema), defaultNamespace);
		const violations = [
			...hiddenAnnotationViolations(wukong.annotations),
			...validateWukong(wukong, undefined),
		];
		if (violations.length > 0) throw invalidWukong(violations);
		const { validateOnly } = request;
		const stored = await store.create(wukong, {
			validateOnly,
			signal,
			remainingMs,
			requestId: validateOnly ? "" : request.requestId,
			fingerprint: fingerprintOf(wukong),
		});
		return { wukong: stored };
	};
}

/** What a creation takes of the request: identity, labels, annotations and spec. */
function contentOf(given: Wukong, defaultNamespace: string): Wukong {
	const { name, labels, annotations, spec = create(WukongSpecSchema) } = dropUnknownFields(given);
	spec.startStrategy ??= create(StartStrategySchema);
	spec.startStrategy.autoStart ??= true;
	const namespace = given.namespace || defaultNamespace;
	return create(WukongSchema, { name, namespace, labels, annotations, spec });
}
