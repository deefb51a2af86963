import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import {
	type Disk,
	type Network,
	type NetworkStatus,
	NetworkStatusSchema,
	type VolumeStatus,
	VolumeStatusSchema,
	type Wukong,
} from "@novasphere/wukong-gen/wukong";
import { defaultStorageClasses, type OperatorOptions } from "./operator-options.ts";

/** The network that is the pod's own and needs no attachment definition. */
const podNetwork = "default";

/**
 * Lists the interfaces of a VM, in the order of its networks. Addresses follow from uid
 * and network name, so they stay over restarts of the VM.
 * @param running an address is in use only while the VM runs.
 */
export function networksOf(wukong: Wukong, running: boolean): NetworkStatus[] {
	return (wukong.spec?.networks ?? []).map((network, index) => {
		const hash = createHash("sha256").update(`${wukong.uid}/${network.name}`).digest();
		return create(NetworkStatusSchema, {
			name: network.name,
			interface: `eth${index}`,
			ipAddress: running ? addressOf(network, hash) : "",
			macAddress: macOf(hash),
			nadName: attachmentOf(wukong, network),
		});
	});
}

function addressOf(network: Network, hash: Buffer): string {
	const given = network.ipConfig?.mode === "static" ? network.ipConfig.address : "";
	if (given !== "") return given.split("/", 1)[0] ?? given;
	const [first, second, third] = [...hash.subarray(0, 3)] as [number, number, number];
	// The last byte of a host is neither the network's (0) nor the broadcast address (255).
	return `10.${first}.${second}.${1 + (third % 254)}`;
}

/** Makes a unicast address of the locally administered range (IEEE 802, first byte 02). */
function macOf(hash: Buffer): string {
	return ["02", ...[...hash.subarray(3, 8)].map((byte) => byte.toString(16).padStart(2, "0"))].join(
		":",
	);
}

function attachmentOf(wukong: Wukong, network: Network): string {
	if (network.nadName !== "") return network.nadName;
	return network.name === podNetwork ? "" : `${wukong.name}-${network.name}-nad`;
}

/** Finds the first disk whose storage class does not exist; undefined where all do. */
export function unboundDisk(wukong: Wukong, options: OperatorOptions): Disk | undefined {
	return wukong.spec?.disks.find((disk) => !classExists(disk, options));
}

/**
 * Lists the volumes of a VM, in the order of its disks.
 * @param provisioned false while the claims wait for their volumes.
 */
export function volumesOf(
	wukong: Wukong,
	provisioned: boolean,
	options: OperatorOptions,
): VolumeStatus[] {
	return (wukong.spec?.disks ?? []).map((disk) =>
		create(VolumeStatusSchema, {
			name: disk.name,
			pvcName: `${wukong.name}-${disk.name}`,
			bound: provisioned && classExists(disk, options),
			size: disk.size,
		}),
	);
}

function classExists(disk: Disk, options: OperatorOptions): boolean {
	const classes = options.storageClasses ?? defaultStorageClasses;
	return disk.storageClassName === "" || classes.includes(disk.storageClassName);
}

/** Picks one of three nodes, always the same for a VM. */
export function nodeOf(wukong: Wukong): string {
	const [byte = 0] = createHash("sha256").update(wukong.uid).digest();
	return `node-${1 + (byte % 3)}`;
}
