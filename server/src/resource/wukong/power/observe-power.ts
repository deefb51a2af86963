import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	type NetworkStatus,
	NetworkStatusSchema,
	type WukongStatus,
	WukongStatusSchema,
} from "@novasphere/wukong-gen/wukong";
import { conditionOf, type PowerEvidence } from "./evidence.ts";
import { powerMessage } from "./power-message.ts";
import { judgePower } from "./power-table.ts";
import { powerSinceMs, type StuckRules, stuckRuleOf } from "./power-times.ts";

/**
 * Returns the status of a VM as all the evidence tells it: the operator's, with power, node and
 * addresses as KubeVirt has them. A pure function: equal evidence gives equal bytes on every replica.
 */
export function observedStatus(evidence: PowerEvidence, rules: StuckRules): WukongStatus {
	const { wukong, vm, vmi } = evidence;
	const status = wukong.status ?? create(WukongStatusSchema);
	const verdict = judgePower(evidence);
	const stuck = stuckRuleOf(evidence, verdict, rules);
	const sinceMs = powerSinceMs(evidence, verdict);
	return {
		...status,
		vmName: vm?.name ?? status.vmName,
		nodeName: vmi?.nodeName || status.nodeName,
		networks: observedNetworks(evidence, status.networks),
		powerState: verdict.state,
		powerReason: verdict.reason,
		powerMessage: powerMessage(evidence, verdict, stuck),
		...(sinceMs !== undefined && { powerSince: timestampFromMs(sinceMs) }),
		restartRequired: conditionOf(vm, "RestartRequired", "True") !== undefined,
		kubevirtStatus: vm?.printableStatus ?? "",
		...(stuck !== undefined && { stuckTime: timestampFromMs(stuck.atMs) }),
	};
}

/**
 * Returns the interfaces as the instance has them. What the operator says of an address is from the
 * last run; without an instance none is in use.
 */
function observedNetworks(
	{ vmi, knowsInstances }: PowerEvidence,
	reported: readonly NetworkStatus[],
): NetworkStatus[] {
	if (!knowsInstances) return [...reported];
	const found = new Map(vmi?.interfaces.map((one) => [one.name, one]));
	const known = reported.map((network) => {
		const one = found.get(network.name);
		found.delete(network.name);
		return {
			...network,
			ipAddress: one?.ipAddress ?? "",
			macAddress: one?.macAddress || network.macAddress,
			interface: one?.interfaceName || network.interface,
		};
	});
	const others = [...found.values()].map(({ name, interfaceName, ipAddress, macAddress }) =>
		create(NetworkStatusSchema, { name, interface: interfaceName, ipAddress, macAddress }),
	);
	return [...known, ...others];
}
