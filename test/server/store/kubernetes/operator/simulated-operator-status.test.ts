import { create } from "@bufbuild/protobuf";
import { WukongStatus_PowerState, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import { expect, test } from "vitest";
import { statusJson } from "../../../../../server/src/store/kubernetes/operator/simulated-operator.ts";

test("a status has numbers where the resource wants them, and no power state", () => {
	const status = create(WukongStatusSchema, {
		phase: "Running",
		vmName: "a-vm",
		powerState: WukongStatus_PowerState.RUNNING,
		conditions: [{ type: "Ready", status: "True", observedGeneration: 7n }, { type: "New" }],
		volumes: [{ name: "root", bound: true }],
	});
	expect(statusJson(status)).toEqual({
		phase: "Running",
		vmName: "a-vm",
		conditions: [
			{ type: "Ready", status: "True", observedGeneration: 7 },
			{ type: "New", observedGeneration: 0 },
		],
		volumes: [{ name: "root", bound: true }],
	});
});
