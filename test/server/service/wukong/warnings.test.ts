import { create } from "@bufbuild/protobuf";
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	CreateWukongRequestSchema,
	UpdateWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { createCreate } from "../../../../server/src/service/wukong/create.ts";
import type { ServiceContext } from "../../../../server/src/service/wukong/service-context.ts";
import { createUpdate } from "../../../../server/src/service/wukong/update.ts";
import type { Edit } from "../../../../server/src/store/store.ts";

const context = {
	timeoutMs: () => undefined,
	values: createContextValues(),
	requestHeader: new Headers(),
} as never as HandlerContext;
const stored = create(WukongSchema, {
	namespace: "default",
	name: "vm",
	spec: { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi" }] },
});

/** A store that warns of an image, in the VM that it is asked about, and drops it. */
const serviceContext = {
	defaultNamespace: "default",
	store: {
		create: async () => stored,
		edit: async (_ref: unknown, edit: (current: Wukong) => Edit | undefined) => {
			edit(stored);
			return stored;
		},
		warningsOf: ({ spec }: Wukong) =>
			spec?.osImage ? [{ field: "wukong.spec.os_image", description: `${spec.osImage}?` }] : [],
	},
} as never as ServiceContext;

test.each([true, false])(
	"Create and Update name the fields that have no effect, of what was asked for, with validate_only %s",
	async (validateOnly) => {
		const wukong = { ...stored, spec: { ...stored.spec, osImage: "ubuntu" } };
		const warnings = [{ field: "wukong.spec.os_image", description: "ubuntu?" }];
		const made = create(CreateWukongRequestSchema, { wukong, validateOnly } as never);
		expect(await createCreate(serviceContext)(made, context)).toMatchObject({ warnings });
		const changed = create(UpdateWukongRequestSchema, { wukong, validateOnly } as never);
		expect(await createUpdate(serviceContext)(changed, context)).toMatchObject({ warnings });
	},
);

test("an update is judged by the whole VM as it is afterwards, not by what the request names", async () => {
	const wukong = { name: "vm", labels: { tier: "web" } };
	const request = create(UpdateWukongRequestSchema, { wukong });
	expect(await createUpdate(serviceContext)(request, context)).toMatchObject({ warnings: [] });
});
