import { clone, create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type WukongSpec, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import { expect, test } from "vitest";
import { isSameContent } from "../../../../server/src/resource/same-content.ts";

/** What one change of a spec may be; each leaves a spec that callers could have sent. */
const changes: readonly ((spec: WukongSpec) => void)[] = [
	(spec) => {
		spec.cpu += 1;
	},
	(spec) => {
		spec.memory = "";
	},
	(spec) => {
		spec.disks.pop();
	},
	(spec) => {
		spec.disks.reverse();
	},
	(spec) => {
		const [disk] = spec.disks;
		if (disk !== undefined) disk.boot = !disk.boot;
	},
	(spec) => {
		delete spec.startStrategy?.autoStart;
	},
	(spec) => {
		if (spec.startStrategy !== undefined) spec.startStrategy.autoStart = false;
	},
	(spec) => {
		delete spec.startStrategy;
	},
	(spec) => {
		const nodes = spec.highAvailability?.nodeSelector ?? {};
		for (const [key, value] of Object.entries(nodes).reverse()) {
			delete nodes[key];
			nodes[key] = value;
		}
	},
	(spec) => {
		if (spec.highAvailability !== undefined) spec.highAvailability.nodeSelector.zone = "b";
	},
	(spec) => {
		delete spec.highAvailability;
	},
];

const base = create(WukongSpecSchema, {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", boot: true }, { name: "data" }],
	networks: [{ name: "default", vlanId: 7 }],
	startStrategy: { runStrategy: "Always", autoStart: true },
	highAvailability: { nodeSelector: { zone: "a", rack: "1" } },
});

test("two messages of one type have the same content where protobuf-es says that they are equal", () => {
	const states = [(_: WukongSpec) => {}, ...changes].map((change) => {
		const spec = clone(WukongSpecSchema, base);
		change(spec);
		return spec;
	});
	const read = states.map((spec) => fromBinary(WukongSpecSchema, toBinary(WukongSpecSchema, spec)));
	for (const [i, a] of states.entries()) {
		for (const [j, b] of read.entries()) {
			expect(isSameContent(a, b), `${i}, ${j}`).toBe(equals(WukongSpecSchema, a, b));
			for (const field of ["cpu", "memory", "highAvailability", "disks", "networks"] as const) {
				const only = (spec: WukongSpec) => create(WukongSpecSchema, { [field]: spec[field] });
				expect(isSameContent(a[field], b[field]), `${i}, ${j}, ${field}`).toBe(
					equals(WukongSpecSchema, only(a), only(b)),
				);
			}
		}
	}
});
