import { create, equals } from "@bufbuild/protobuf";
import { type WukongSpec, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import type { FieldViolation } from "../failure.ts";
import { fieldPath } from "../resource/field-path.ts";
import { maxQuantityBytes, quantityBytes } from "./quantity.ts";

/** What is wrong with one field of spec; `previous` is the spec before, where there was one. */
type Rule = (next: WukongSpec, previous: WukongSpec | undefined) => FieldViolation[];

type SpecField = Exclude<keyof WukongSpec, "$typeName" | "$unknown">;

const rules: { readonly [Field in SpecField]?: Rule } = {
	cpu(next, previous) {
		if (next.cpu === 0) return [violation("cpu", "is required")];
		if (next.cpu >= (previous?.cpu ?? 0)) return [];
		return [violation("cpu", `may grow but not shrink; it is ${previous?.cpu}`)];
	},
	memory: (next) => judgeQuantity("memory", next.memory),
	disks: (next, previous) => [
		...(next.disks.length === 0 ? [violation("disks", "needs at least one disk")] : []),
		...removedDisks(next, previous),
		...repeatedNames("disks", next.disks),
		...next.disks.flatMap((disk, index) => judgeQuantity(`disks[${index}].size`, disk.size)),
	],
	networks: (next) => [
		...repeatedNames("networks", next.networks),
		...next.networks.flatMap(({ ipConfig }, index) =>
			ipConfig?.mode === "static" && ipConfig.address === ""
				? [violation(`networks[${index}].ip_config.address`, "is required when mode is static")]
				: [],
		),
	],
	cloudInitUser: (next) =>
		next.cloudInitUser?.name === "" ? [violation("cloud_init_user.name", "is required")] : [],
};

/** The violations of a spec; only fields that differ from `previous` are judged. */
export function judgeSpec(next: WukongSpec, previous: WukongSpec | undefined): FieldViolation[] {
	return Object.entries(rules).flatMap(([field, rule]) =>
		previous !== undefined && sameField(field as SpecField, next, previous)
			? []
			: rule(next, previous),
	);
}

function sameField(field: SpecField, a: WukongSpec, b: WukongSpec): boolean {
	const only = (spec: WukongSpec) => create(WukongSpecSchema, { [field]: spec[field] });
	return equals(WukongSpecSchema, only(a), only(b));
}

function removedDisks(next: WukongSpec, previous: WukongSpec | undefined): FieldViolation[] {
	const names = new Set(next.disks.map((disk) => disk.name));
	return (previous?.disks ?? [])
		.filter((disk) => !names.has(disk.name))
		.map((disk) => violation("disks", `disk "${disk.name}" may not be removed`));
}

function repeatedNames(list: string, entries: readonly { name: string }[]): FieldViolation[] {
	const seen = new Set<string>();
	return entries.flatMap(({ name }, index) => {
		const path = `${list}[${index}].name`;
		if (name === "") return [violation(path, "is required")];
		if (seen.has(name)) return [violation(path, `"${name}" is used twice`)];
		seen.add(name);
		return [];
	});
}

function judgeQuantity(path: string, text: string): FieldViolation[] {
	if (text === "") return [violation(path, "is required")];
	const bytes = quantityBytes(text);
	if (bytes === undefined) return [violation(path, "is not a quantity such as 8Gi")];
	if (bytes === 0n) return [violation(path, "must be more than zero")];
	if (bytes > maxQuantityBytes) return [violation(path, "is larger than 2^63 - 1 bytes")];
	return [];
}

function violation(path: string, description: string): FieldViolation {
	return { field: fieldPath(`wukong.spec.${path}`), description };
}
