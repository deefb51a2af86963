import { create, fromBinary, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { ErrorBody } from "./stream-form.ts";

/** What the contract of the services says of an error. */
export interface ErrorDescription {
	/** Reason, as the contract spells it. */
	readonly reason: string;
	readonly httpStatus: number;
	/** Delay before a retry; undefined: it says nothing of one. */
	readonly retryAfterMs: number | undefined;
}

/** Describes an error by its code and details. */
export type DescribeError = (error: ConnectError) => ErrorDescription;

/** Writes an error as the JSON of the contract's Status: code, reason, message, details. */
export function createErrorBody(
	error: ConnectError,
	{ reason, httpStatus, retryAfterMs }: ErrorDescription,
	registry: Registry,
): ErrorBody {
	const { code, rawMessage: message } = error;
	const details = error.details.flatMap((detail) => detailToJson(detail, registry) ?? []);
	return {
		error,
		httpStatus,
		retryAfterMs,
		json: JSON.stringify({ code, reason, message, details }),
	};
}

/** @returns undefined for a detail of another server whose type is not known here */
function detailToJson(
	detail: ConnectError["details"][number],
	registry: Registry,
): JsonValue | undefined {
	if ("desc" in detail) {
		const { desc, value } = detail;
		const json = toJson(desc, create(desc, value), { registry });
		return withType(desc.typeName, json);
	}
	const desc = registry.getMessage(detail.type);
	if (desc === undefined) return undefined;
	return withType(desc.typeName, toJson(desc, fromBinary(desc, detail.value), { registry }));
}

function withType(typeName: string, json: JsonValue): JsonValue {
	const type = { "@type": `type.googleapis.com/${typeName}` };
	const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
	return isObject ? { ...type, ...json } : { ...type, value: json };
}
