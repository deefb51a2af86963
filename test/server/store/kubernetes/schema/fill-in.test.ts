import { expect, test } from "vitest";
import { wukongKind } from "../../../../../server/src/store/kubernetes/kinds/wukong.ts";
import { fillIn } from "../../../../../server/src/store/kubernetes/schema/fill-in.ts";
import { readResourceSchema } from "../../../../../server/src/store/kubernetes/schema/resource-schema.ts";
import { openApiDocument, operatorSchema } from "../../../../support/operator-schema.ts";

const schema = readResourceSchema(openApiDocument(operatorSchema), wukongKind);
const fillIns = { schema, storageClass: "longhorn", networkType: "bridge" };
const root = { name: "root", size: "20Gi" };
const filledRoot = { ...root, storageClassName: "longhorn" };

test("a disk without a class and a network without a type get what the operator's webhook would give", () => {
	const data = { name: "data", size: "1Gi", storageClassName: "fast" };
	const spec = {
		cpu: 2,
		disks: [root, data],
		networks: [{ name: "lan" }, { name: "x", type: "ovs" }],
	};
	expect(fillIn(spec, undefined, fillIns)).toEqual({
		cpu: 2,
		disks: [filledRoot, data],
		networks: [
			{ name: "lan", type: "bridge" },
			{ name: "x", type: "ovs" },
		],
	});
});

test("an edit fills in what it adds or clears, and leaves what was without as it was", () => {
	const before = { networks: [{ name: "old" }, { name: "had", type: "ovs" }] };
	const spec = { networks: [{ name: "old" }, { name: "had" }, { name: "new", type: "" }] };
	expect(fillIn(spec, before, fillIns)).toEqual({
		networks: [{ name: "old" }, { name: "had", type: "bridge" }, { name: "new", type: "bridge" }],
	});
});

test("nothing is filled in where the schema has a default, lacks the field, or is not known", () => {
	const spec = { disks: [root], networks: [{ name: "lan" }] };
	const items = { type: "object", properties: { name: { type: "string" } } };
	const other = readResourceSchema(
		openApiDocument({
			type: "object",
			properties: {
				spec: {
					type: "object",
					properties: {
						disks: {
							type: "array",
							items: {
								type: "object",
								properties: { storageClassName: { type: "string", default: "longhorn" } },
							},
						},
						networks: { type: "array", items },
					},
				},
			},
		}),
		wukongKind,
	);
	expect(fillIn(spec, undefined, { ...fillIns, schema: other })).toEqual(spec);
	expect(fillIn(spec, undefined, { ...fillIns, schema: undefined })).toEqual(spec);
	expect(fillIn(spec, undefined, { schema, storageClass: "", networkType: "" })).toEqual(spec);
});
