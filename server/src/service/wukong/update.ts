import { create } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { invalidWukong } from "../../resource/wukong/failures.ts";
import { hiddenAnnotationViolations } from "../../resource/wukong/hidden-annotations.ts";
import { validateWukong } from "../../resource/wukong/rules/rules.ts";
import { dropUnknownFields } from "./drop-unknown-fields.ts";
import { checkNotDeleting, checkPreconditions } from "./preconditions.ts";
import type { ServiceContext } from "./service-context.ts";
import { createUpdateEdit } from "./update-edit.ts";
import { parseUpdateMask } from "./update-mask.ts";

/** UpdateWukong: with or without a mask. Updating to what is already there writes nothing. */
export function createUpdate({
	store,
	defaultNamespace,
}: ServiceContext): MethodImpl<typeof WukongService.method.updateWukong> {
	return async (request, { signal, requestHeader, timeoutMs: remainingMs }) => {
		const body = dropUnknownFields(request.wukong ?? create(WukongSchema));
		if (body.name === "") {
			throw invalidWukong([{ field: "wukong.name", description: "is required" }]);
		}
		const mask = parseUpdateMask(request.updateMask, formOf(requestHeader));
		const applyTo = createUpdateEdit({ body, mask });
		const { resourceVersion } = body;
		const { generation, validateOnly } = request;
		const wukong = await store.edit(
			{ namespace: body.namespace || defaultNamespace, name: body.name },
			(current) => {
				checkPreconditions(current, { resourceVersion, generation });
				checkNotDeleting(current);
				const edit = applyTo(current);
				validateResult(edit.next, current);
				return edit;
			},
			{ validateOnly, signal, remainingMs },
		);
		return { wukong };
	};
}

/** States come without hidden annotations, so one in the result was set by the request. */
function validateResult(next: Wukong, current: Wukong): void {
	const violations = [
		...hiddenAnnotationViolations(next.annotations),
		...validateWukong(next, current),
	];
	if (violations.length > 0) throw invalidWukong(violations);
}

/** The form of the request's message, as its content type names it; none means JSON. */
function formOf(header: Headers): "binary" | "json" {
	const [type = ""] = (header.get("content-type") ?? "").split(";");
	return type.trim() === "" || /json/i.test(type) ? "json" : "binary";
}
