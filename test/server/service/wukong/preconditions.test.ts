import { create } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { Failure } from "../../../../server/src/failure.ts";
import {
	checkNotDeleting,
	checkPreconditions,
	type Preconditions,
} from "../../../../server/src/service/wukong/preconditions.ts";

const ref = { namespace: "default", name: "vm" };
const current = create(WukongSchema, { ...ref, uid: "u1", resourceVersion: "7", generation: 3n });

function reasonOf(work: () => void): string | undefined {
	try {
		work();
	} catch (error) {
		if (!(error instanceof Failure)) throw error;
		expect(error.details.object).toEqual(ref);
		return ErrorReason[error.reason];
	}
	return undefined;
}

describe("preconditions", () => {
	test.each<[Preconditions, string | undefined]>([
		[{}, undefined],
		[{ uid: "", resourceVersion: "", generation: 0n }, undefined],
		[{ uid: "u1", resourceVersion: "7", generation: 3n }, undefined],
		[{ uid: "u2" }, "WUKONG_NOT_FOUND"],
		[{ uid: "u2", resourceVersion: "6" }, "WUKONG_NOT_FOUND"],
		[{ uid: "u1", resourceVersion: "6" }, "RESOURCE_VERSION_CONFLICT"],
		[{ resourceVersion: "07" }, "RESOURCE_VERSION_CONFLICT"],
		[{ resourceVersion: "no version" }, "RESOURCE_VERSION_CONFLICT"],
		[{ generation: 2n }, "RESOURCE_VERSION_CONFLICT"],
		[{ resourceVersion: "7", generation: 4n }, "RESOURCE_VERSION_CONFLICT"],
	])("%o on the VM of uid u1, version 7, generation 3: %s", (wanted, reason) => {
		expect(reasonOf(() => checkPreconditions(current, wanted))).toBe(reason);
	});

	test.each<[Preconditions, string]>([
		[{ resourceVersion: "6" }, "resource_version is not the current one, which is 7"],
		[{ resourceVersion: "7", generation: 2n }, "spec is of generation 3, not 2"],
	])("%o in conflict: says the current one", (wanted, words) => {
		expect(() => checkPreconditions(current, wanted)).toThrow(words);
	});

	test("a VM with delete_time is WUKONG_DELETING", () => {
		const deleting = create(WukongSchema, { ...ref, deleteTime: { seconds: 1n } });
		expect(reasonOf(() => checkNotDeleting(deleting))).toBe("WUKONG_DELETING");
		expect(reasonOf(() => checkNotDeleting(current))).toBeUndefined();
	});
});
