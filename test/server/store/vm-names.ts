import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { keyOf, type ObjectRef } from "../../../server/src/resource/object.ts";
import type { StoreHarness } from "./store-contract.ts";
import { refTo, type SpecInit, wukongNamed } from "./write.ts";

/** VMs by their names alone, in the harness's namespace. */
export interface VmNames {
	named(name: string, spec?: SpecInit): Wukong;
	ref(name: string): ObjectRef;
	/** As the sink has it. */
	held(name: string): Wukong | undefined;
}

export function createVmNames(harness: () => StoreHarness): VmNames {
	const ref = (name: string) => refTo(name, harness().namespace);
	return {
		named: (name, spec) => wukongNamed(name, spec, harness().namespace),
		ref,
		held: (name) => harness().sink.objects.get(keyOf(ref(name))),
	};
}
