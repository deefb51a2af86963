import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { WukongSpecSchema, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import { expect, test } from "vitest";
import { type FieldType, operatorFields } from "../../../../support/operator-schema.ts";

/**
 * The differences that are known and stated. A new one fails here: is it served, warned of, and told
 * in the docs?
 */
const known = [
	// Older operators had it; a newer one drops it, and is warned of.
	"spec.networks[].nodeIP: ours only",
	// What this service derives from the evidence, which no resource has.
	"status.kubevirtStatus: ours only",
	"status.powerMessage: ours only",
	"status.powerReason: ours only",
	"status.powerSince: ours only",
	"status.powerState: ours only",
	"status.restartRequired: ours only",
	"status.stuckTime: ours only",
];

test("the contract has the fields of the public operator's definition, and no others but those that are stated", () => {
	const differences = [
		...differencesOf(WukongSpecSchema, operatorFields.spec, "spec"),
		...differencesOf(WukongStatusSchema, operatorFields.status, "status"),
	];
	expect(differences.sort()).toEqual(known);
});

test("a difference of any kind is found", () => {
	const { cpu: _, ...spec } = operatorFields.spec;
	const theirs = { ...spec, memory: "integer", future: "string", gpus: "string" } as const;
	expect(differencesOf(WukongSpecSchema, theirs, "spec").sort()).toEqual([
		"spec.cpu: ours only",
		"spec.future: theirs only",
		"spec.gpus: list of objects here, string there",
		"spec.memory: string here, integer there",
		"spec.networks[].nodeIP: ours only",
	]);
});

function differencesOf(
	schema: DescMessage,
	theirs: { readonly [name: string]: FieldType },
	path: string,
): string[] {
	const ours = new Map(schema.fields.map((field) => [field.jsonName, field]));
	const names = new Set([...ours.keys(), ...Object.keys(theirs)]);
	return [...names].flatMap((name) => {
		const [field, type] = [ours.get(name), theirs[name]];
		const at = `${path}.${name}`;
		if (field === undefined) return [`${at}: theirs only`];
		if (type === undefined) return [`${at}: ours only`];
		return differencesAt(field, type, at);
	});
}

function differencesAt(field: DescField, type: FieldType, at: string): string[] {
	const [here, there] = [wordOf(field), wordOfType(type)];
	if (here !== there) return [`${at}: ${here} here, ${there} there`];
	const message = "message" in field ? field.message : undefined;
	const inner = Array.isArray(type) ? type[0] : type;
	if (message === undefined || typeof inner === "string" || isTime(message)) return [];
	return differencesOf(message, inner, field.fieldKind === "list" ? `${at}[]` : at);
}

function wordOf(field: DescField): string {
	switch (field.fieldKind) {
		case "map":
			return "texts by name";
		case "list":
			return `list of ${field.listKind === "message" ? "objects" : "string"}`;
		case "message":
			return isTime(field.message) ? "string" : "object";
		case "enum":
			return "string";
		case "scalar":
			return scalarWords.get(field.scalar) ?? "another type";
	}
}

const scalarWords = new Map([
	[ScalarType.BOOL, "boolean"],
	[ScalarType.INT32, "integer"],
	[ScalarType.INT64, "integer"],
	[ScalarType.STRING, "string"],
]);

function isTime({ typeName }: DescMessage): boolean {
	return typeName === "google.protobuf.Timestamp";
}

function wordOfType(type: FieldType): string {
	if (typeof type === "string") return type;
	if (!Array.isArray(type)) return "object";
	return `list of ${typeof type[0] === "string" ? type[0] : "objects"}`;
}
