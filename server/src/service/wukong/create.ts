import { hash } from "node:crypto";
import { create, fromBinary, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import {
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
} from "@novasphere/wukong-gen/wukong";
import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { withoutCredentials } from "../../resource/wukong/credentials.ts";
import { invalidWukong } from "../../resource/wukong/failures.ts";
import { hiddenAnnotationViolations } from "../../resource/wukong/hidden-annotations.ts";
import { validateWukong } from "../../resource/wukong/rules/rules.ts";
import { principalKey } from "../../rpc/call/call-context.ts";
import type { ServiceContext } from "./service-context.ts";

/** Creates the method CreateWukong: idempotent by request_id. */
export function createCreate({
	store,
	defaultNamespace,
}: ServiceContext): MethodImpl<typeof WukongService.method.createWukong> {
	return async (request, { signal, timeoutMs: remainingMs, values }) => {
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
			principal: values.get(principalKey),
			requestId: validateOnly ? "" : request.requestId,
			fingerprint: fingerprintOf(wukong),
		});
		return { wukong: stored, warnings: [...(store.warningsOf?.(wukong) ?? [])] };
	};
}

/** Returns what a creation takes of the request: identity, labels, annotations and spec. */
function contentOf(given: Wukong, defaultNamespace: string): Wukong {
	const { name, labels, annotations, spec = create(WukongSpecSchema) } = dropUnknownFields(given);
	spec.startStrategy ??= create(StartStrategySchema);
	spec.startStrategy.autoStart ??= true;
	const namespace = given.namespace || defaultNamespace;
	return create(WukongSchema, { name, namespace, labels, annotations, spec });
}

/** Copies a VM without the fields that the contract does not know: these are ignored, so never stored. */
export function dropUnknownFields(wukong: Wukong): Wukong {
	return fromBinary(WukongSchema, toBinary(WukongSchema, wukong, { writeUnknownFields: false }));
}

/**
 * Digests what a creation asks for; the store keeps it beside the request_id. Equal for equal
 * content, whatever the order of map keys. Credentials are left out, so that nothing of them is kept.
 * @returns SHA-256 in hex
 */
export function fingerprintOf(wukong: Wukong): string {
	const json = toJson(WukongSchema, withoutCredentials(WukongSchema, wukong));
	return hash("sha256", canonical(json), "hex");
}

/** Writes JSON with the keys of objects in order. */
function canonical(value: JsonValue): string {
	if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
	if (value === null || typeof value !== "object") return JSON.stringify(value);
	const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}
