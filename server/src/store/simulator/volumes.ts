import { create } from "@bufbuild/protobuf";
import {
	type Disk,
	type VolumeStatus,
	VolumeStatusSchema,
	type Wukong,
} from "@novasphere/wukong-gen/wukong";
import { defaultStorageClasses, type OperatorOptions } from "./operator-options.ts";

/** The first disk whose storage class does not exist; undefined where all do. */
export function unboundDisk(wukong: Wukong, options: OperatorOptions): Disk | undefined {
	return wukong.spec?.disks.find((disk) => !classExists(disk, options));
}

/**
 * The volumes of a VM, in the order of its disks.
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
