import { create } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { invalidWukong } from "../../resource/wukong/failures.ts";
import { hiddenAnnotationViolations } from "../../resource/wukong/hidden-annotations.ts";
import { validateWukong } from "../../resource/wukong/rules/rules.ts";
import { principalKey } from "../../rpc/call/call-context.ts";
import type { Codec } from "../../rpc/codec/codec.ts";
import { isDerivedMask } from "../../rpc/protocol/rest/bind-body.ts";
import { dropUnknownFields } from "./create.ts";
import { checkNotDeleting, checkPreconditions } from "./preconditions.ts";
import type { ServiceContext } from "./service-context.ts";
import { createUpdateEdit } from "./update-edit.ts";
import { parseUpdateMask } from "./update-mask.ts";

/** Creates the method UpdateWukong: with or without a mask. Updating to what is there already writes nothing. */
export function createUpdate({
	store,
	defaultNamespace,
}: ServiceContext): MethodImpl<typeof WukongService.method.updateWukong> {
	return async (request, { signal, requestHeader, timeoutMs: remainingMs, values }) => {
		const body = dropUnknownFields(request.wukong ?? create(WukongSchema));
		if (body.name === "") {
			throw invalidWukong([{ field: "wukong.name", description: "is required" }]);
		}
		const mask = parseUpdateMask(request.updateMask, codecOf(request.updateMask, requestHeader));
		const applyTo = createUpdateEdit({ body, mask });
		const { resourceVersion } = body;
		const { generation, validateOnly } = request;
		let outcome: Wukong | undefined;
		const wukong = await store.edit(
			{ namespace: body.namespace || defaultNamespace, name: body.name },
			(current) => {
				checkPreconditions(current, { resourceVersion, generation });
				checkNotDeleting(current);
				const edit = applyTo(current);
				validateResult(edit.next, current);
				outcome = edit.next;
				return edit;
			},
			{ validateOnly, signal, remainingMs, principal: values.get(principalKey) },
		);
		const warnings = store.warningsOf?.(outcome ?? wukong) ?? [];
		return { wukong, warnings: [...warnings] };
	};
}

/** Checks the merged VM. States come without hidden annotations, so one in the result is from the request. */
function validateResult(next: Wukong, current: Wukong): void {
	const violations = [
		...hiddenAnnotationViolations(next.annotations),
		...validateWukong(next, current),
	];
	if (violations.length > 0) throw invalidWukong(violations);
}

/** Returns the codec that a mask came in: the request's, by its content type; none means JSON. */
function codecOf(mask: object | undefined, header: Headers): Codec {
	if (mask !== undefined && isDerivedMask(mask)) return "binary";
	const [type = ""] = (header.get("content-type") ?? "").split(";");
	return type.trim() === "" || /json/i.test(type) ? "json" : "binary";
}
