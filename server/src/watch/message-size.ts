import { toBinary } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";

const sizes = new WeakMap<Wukong, number>();

/** Bytes of a VM in binary form, measured once for each state. */
export function binarySizeBytes(wukong: Wukong): number {
	let size = sizes.get(wukong);
	if (size === undefined) {
		size = toBinary(WukongSchema, wukong).length;
		sizes.set(wukong, size);
	}
	return size;
}
