import { create, equals } from "@bufbuild/protobuf";
import { type WukongSpec, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import type { FieldViolation } from "../../../failure.ts";
import { fieldPath, mapKeyPath } from "../../field-path.ts";
import { isLabelValue, labelValueWords } from "../../label-grammar.ts";
import { isSameContent } from "../../same-content.ts";

/** Lists the violations of one field of spec; `previous` is the spec before, where there was one. */
type Rule = (next: WukongSpec, previous: WukongSpec | undefined) => FieldViolation[];

type SpecField = Exclude<keyof WukongSpec, "$typeName" | "$unknown">;

const rules: { readonly [Field in SpecField]?: Rule } = {
	cpu(next, previous) {
		if (next.cpu === 0) return [violation("cpu", "is required")];
		if (next.cpu >= (previous?.cpu ?? 0)) return [];
		return [violation("cpu", `may grow but not shrink; it is ${previous?.cpu}`)];
	},
	memory: (next) => validateQuantity("memory", next.memory),
	highAvailability: (next, previous) => [
		...nodeSelectorFaults(next, previous),
		...tolerationFaults(next, previous),
	],
	disks: (next, previous) => [
		...(next.disks.length === 0 ? [violation("disks", "needs at least one disk")] : []),
		...removedDisks(next, previous),
		...repeatedNames("disks", next.disks),
		...diskSizeFaults(next, previous),
	],
	networks: (next) => [
		...repeatedNames("networks", next.networks),
		...next.networks.flatMap(({ ipConfig }, index) =>
			ipConfig?.mode === "static" && ipConfig.address === ""
				? [violation(`networks[${index}].ip_config.address`, "is required when mode is static")]
				: [],
		),
	],
	gpus: (next) => repeatedNames("gpus", next.gpus),
	cloudInitUser: (next) =>
		next.cloudInitUser?.name === "" ? [violation("cloud_init_user.name", "is required")] : [],
};

/** Lists the violations of a spec; only fields that differ from `previous` are checked. */
export function validateSpec(next: WukongSpec, previous: WukongSpec | undefined): FieldViolation[] {
	return Object.entries(rules).flatMap(([field, rule]) =>
		previous !== undefined && sameField(field as SpecField, next, previous)
			? []
			: rule(next, previous),
	);
}

function sameField(field: SpecField, a: WukongSpec, b: WukongSpec): boolean {
	// Most fields of most updates are as they were, which takes no reflection to see.
	if (isSameContent(a[field], b[field])) return true;
	const only = (spec: WukongSpec) => create(WukongSpecSchema, { [field]: spec[field] });
	return equals(WukongSpecSchema, only(a), only(b));
}

function removedDisks(next: WukongSpec, previous: WukongSpec | undefined): FieldViolation[] {
	const names = new Set(next.disks.map((disk) => disk.name));
	return (previous?.disks ?? [])
		.filter((disk) => !names.has(disk.name))
		.map((disk) => violation("disks", `disk "${disk.name}" may not be removed`));
}

/** Checks new sizes. One that stays as it is was accepted once, possibly by other rules. */
function diskSizeFaults(next: WukongSpec, previous: WukongSpec | undefined): FieldViolation[] {
	const sizes = new Map(previous?.disks.map(({ name, size }) => [name, size]));
	return next.disks.flatMap(({ name, size }, index) =>
		sizes.get(name) === size ? [] : validateQuantity(`disks[${index}].size`, size),
	);
}

/** Checks that nodes can have the labels: another value would keep the VM from every node. */
function nodeSelectorFaults(next: WukongSpec, previous: WukongSpec | undefined): FieldViolation[] {
	const before = previous?.highAvailability?.nodeSelector ?? {};
	return Object.entries(next.highAvailability?.nodeSelector ?? {})
		.filter(([key, value]) => !isLabelValue(value) && before[key] !== value)
		.map(([key]) => ({
			field: mapKeyPath("wukong.spec.high_availability.node_selector", key),
			description: `is to be ${labelValueWords}`,
		}));
}

/** Checks tolerations by equality, as Kubernetes does; other operators compare differently. */
function tolerationFaults(next: WukongSpec, previous: WukongSpec | undefined): FieldViolation[] {
	const before = new Set(previous?.highAvailability?.tolerations.map(({ value }) => value));
	return (next.highAvailability?.tolerations ?? []).flatMap(({ operator, value }, index) =>
		!["", "Equal"].includes(operator) || isLabelValue(value) || before.has(value)
			? []
			: [violation(`high_availability.tolerations[${index}].value`, `is to be ${labelValueWords}`)],
	);
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

function validateQuantity(path: string, text: string): FieldViolation[] {
	if (text === "") return [violation(path, "is required")];
	const bytes = quantityBytes(text);
	if (bytes === undefined) return [violation(path, "is not a quantity such as 8Gi")];
	if (text.endsWith("K")) return [violation(path, kiloWords(text, bytes))];
	if (bytes === 0n) return [violation(path, "must be more than zero")];
	if (bytes > maxQuantityBytes) return [violation(path, "is larger than 2^63 - 1 bytes")];
	return [];
}

/** Explains K: the contract's pattern has it, Kubernetes has k, and no volume of such a size can be made. */
function kiloWords(text: string, bytes: bigint): string {
	return `is "${text}", and K is no suffix of Kubernetes; write ${text}i (times 1024) or ${bytes} (without a suffix)`;
}

function violation(path: string, description: string): FieldViolation {
	return { field: fieldPath(`wukong.spec.${path}`), description };
}

const suffixes: { readonly [suffix: string]: bigint } = {
	"": 1n,
	// Kubernetes has no K, but Wukongs that were stored with it are served on.
	K: 10n ** 3n,
	M: 10n ** 6n,
	G: 10n ** 9n,
	T: 10n ** 12n,
	P: 10n ** 15n,
	E: 10n ** 18n,
	Ki: 2n ** 10n,
	Mi: 2n ** 20n,
	Gi: 2n ** 30n,
	Ti: 2n ** 40n,
	Pi: 2n ** 50n,
	Ei: 2n ** 60n,
};

/** The largest quantity that Kubernetes can hold, in bytes. */
export const maxQuantityBytes = 2n ** 63n - 1n;

/**
 * Computes the bytes that a quantity such as `8Gi` or `1.5G` stands for, rounded up to a
 * whole byte as Kubernetes does.
 * @returns undefined where the text is not a quantity of the contract.
 */
export function quantityBytes(text: string): bigint | undefined {
	const match = /^([0-9]+)(?:\.([0-9]+))?([KMGTPE]i?)?$/.exec(text);
	const [whole, fraction = "", suffix = ""] = match?.slice(1) ?? [];
	const factor = suffixes[suffix];
	if (whole === undefined || factor === undefined) return undefined;
	const scale = 10n ** BigInt(fraction.length);
	return (BigInt(whole + fraction) * factor + scale - 1n) / scale;
}
