import { createHash } from "node:crypto";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { withoutCredentials } from "../../resource/wukong/credentials.ts";

/**
 * A digest of what a VM's creation asks for, kept beside its request_id: equal for equal content,
 * whatever the order of map keys. Credentials are left out, so that nothing of them is kept.
 * @returns SHA-256 in hex
 */
export function fingerprintOf(wukong: Wukong): string {
	const json = toJson(WukongSchema, withoutCredentials(WukongSchema, wukong));
	return createHash("sha256").update(canonical(json)).digest("hex");
}

/** JSON with the keys of objects in order. */
function canonical(value: JsonValue): string {
	if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
	if (value === null || typeof value !== "object") return JSON.stringify(value);
	const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}
