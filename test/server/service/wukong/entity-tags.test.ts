import { create, createRegistry } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { GetWukongResponseSchema } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { createEncoder } from "../../../../server/src/rpc/codec/encoder.ts";
import { createEncodings } from "../../../../server/src/rpc/codec/encodings.ts";
import { createEntityTags } from "../../../../server/src/service/wukong/entity-tags.ts";
import { createStage } from "../../store/kubernetes/joined/joined-stage.ts";
import { rawVm } from "../../store/kubernetes/joined/raw-kubevirt.ts";
import { rawNamed } from "../../store/kubernetes/raw.ts";

/** The tag that one replica gives a VM. */
function tagOf(wukong: Wukong): string {
	const encoder = createEncoder({
		cacheableTypes: [WukongSchema],
		encodings: createEncodings(),
		registry: createRegistry(),
		observer: { encoded() {} },
	});
	const response = create(GetWukongResponseSchema, { wukong });
	return createEntityTags().tagOf(response, encoder) ?? "none";
}

const labels = { app: "web", resourceVersion: "7" };

/** A replica that has read the three kinds at these versions. */
function readAt(vms: number, vmis: number, parts: { cpu?: number; status?: string } = {}): Wukong {
	const stage = createStage();
	const { cpu = 2, status: printableStatus = "Running" } = parts;
	stage.wukongs.load(7, rawNamed("a", { version: 7, spec: { cpu }, metadata: { labels } }));
	stage.vms.load(vms, rawVm("a-vm", 3, { status: { printableStatus } }));
	stage.vmis.load(vmis);
	stage.feed.open();
	return stage.objects.get("default/a") as Wukong;
}

test("an entity tag is the same on every replica, whatever each dates an absence by (RFC 9110, 8.8.3)", () => {
	const [early, late] = [readAt(7, 8), readAt(20, 30)];
	expect(early.resourceVersion).not.toBe(late.resourceVersion);
	expect(tagOf(late)).toBe(tagOf(early));
});

test("and another one wherever anything else that a caller sees is", () => {
	const first = readAt(7, 8);
	expect(tagOf(readAt(7, 8))).toBe(tagOf(first));
	expect(tagOf(readAt(7, 8, { status: "Stopped" }))).not.toBe(tagOf(first));
	expect(tagOf(readAt(7, 8, { cpu: 3 }))).not.toBe(tagOf(first));
	const labelled = { ...first, labels: { ...labels, resourceVersion: first.resourceVersion } };
	expect(tagOf(labelled)).not.toBe(tagOf(first));
});
