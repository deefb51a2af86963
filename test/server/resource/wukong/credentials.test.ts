import { create, createFileRegistry, type DescMessage, fromJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { CloudInitUserSchema, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { ListWukongsResponseSchema } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { withoutCredentials } from "../../../../server/src/resource/wukong/credentials.ts";

const user = {
	name: "admin",
	password: "pw-secret",
	passwordHash: "$6$hash-secret",
	groups: ["sudo"],
};

describe("withoutCredentials", () => {
	test("clears both credentials of a Wukong and keeps the rest of the user", () => {
		const given = create(WukongSchema, { name: "vm", spec: { cpu: 2, cloudInitUser: user } });
		const open = withoutCredentials(WukongSchema, given);
		expect(open).toEqual(
			create(WukongSchema, {
				name: "vm",
				spec: { cpu: 2, cloudInitUser: { name: "admin", groups: ["sudo"] } },
			}),
		);
	});

	test("reaches credentials in lists of messages", () => {
		const given = create(ListWukongsResponseSchema, {
			wukongs: [{ name: "a" }, { name: "b", spec: { cloudInitUser: user } }],
		});
		const open = withoutCredentials(ListWukongsResponseSchema, given);
		expect(JSON.stringify(open, replaceBigint)).not.toContain("secret");
		expect(open.wukongs[0]).toBe(given.wukongs[0]);
	});

	test("never changes its argument", () => {
		const given = create(WukongSchema, { spec: { cloudInitUser: user } });
		withoutCredentials(WukongSchema, given);
		expect(given.spec?.cloudInitUser?.password).toBe("pw-secret");
	});

	test("returns its argument where there is nothing to strip", () => {
		const given = create(WukongSchema, { spec: { cloudInitUser: { name: "admin" } } });
		expect(withoutCredentials(WukongSchema, given)).toBe(given);
	});

	test("goes by the option alone: each field that has it, and no other", () => {
		const redacted = CloudInitUserSchema.fields.filter(
			(f) => f.proto.options?.debugRedact === true,
		);
		expect(redacted.map((field) => field.name)).toEqual(["password", "password_hash"]);
	});
});

describe("in messages that the contract does not have yet, withoutCredentials", () => {
	const tree = schemaOf("Tree");

	test("strips optional fields, map values and types that contain themselves", () => {
		const given = create(tree, {
			key: "secret-0",
			name: "root",
			byName: { left: create(tree, { key: "secret-1", name: "left" }) },
			children: [create(tree, { name: "right", children: [create(tree, { key: "secret-2" })] })],
		});
		const open = withoutCredentials(tree, given);
		expect(JSON.stringify(open)).not.toContain("secret");
		expect(JSON.stringify(open)).toContain("left");
		expect(JSON.stringify(given)).toContain("secret-2");
	});

	test("refuses a type that hides credentials in a oneof, rather than to leak them", () => {
		const schema = schemaOf("Choice");
		expect(() => withoutCredentials(schema, create(schema))).toThrow("oneof");
	});
});

/** Message types of a made-up file: a tree with a secret, and a choice of trees. */
function schemaOf(name: "Tree" | "Choice"): DescMessage {
	const repeated = "LABEL_REPEATED";
	const optional = "LABEL_OPTIONAL";
	const message = (field: object) => ({ type: "TYPE_MESSAGE", ...field });
	const set = fromJson(FileDescriptorSetSchema, {
		file: [
			{
				name: "tree.proto",
				syntax: "proto3",
				messageType: [
					{
						name: "Tree",
						field: [
							{
								name: "key",
								number: 1,
								type: "TYPE_STRING",
								label: optional,
								proto3Optional: true,
								oneofIndex: 0,
								options: { debugRedact: true },
							},
							{ name: "name", number: 2, type: "TYPE_STRING", label: optional },
							message({ name: "children", number: 3, label: repeated, typeName: ".Tree" }),
							message({
								name: "by_name",
								number: 4,
								label: repeated,
								typeName: ".Tree.ByNameEntry",
							}),
						],
						oneofDecl: [{ name: "_key" }],
						nestedType: [
							{
								name: "ByNameEntry",
								options: { mapEntry: true },
								field: [
									{ name: "key", number: 1, type: "TYPE_STRING", label: optional },
									message({ name: "value", number: 2, label: optional, typeName: ".Tree" }),
								],
							},
						],
					},
					{
						name: "Choice",
						field: [
							message({
								name: "tree",
								number: 1,
								label: optional,
								typeName: ".Tree",
								oneofIndex: 0,
							}),
						],
						oneofDecl: [{ name: "kind" }],
					},
				],
			},
		],
	});
	const schema = createFileRegistry(set).getMessage(name);
	if (schema === undefined) throw new Error(`no message ${name}`);
	return schema;
}

function replaceBigint(_: string, value: unknown): unknown {
	return typeof value === "bigint" ? value.toString() : value;
}
