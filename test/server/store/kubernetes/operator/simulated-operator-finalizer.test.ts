import { expect, test } from "vitest";
import {
	finalizer,
	withFinalizer,
	withoutFinalizer,
} from "../../../../../server/src/store/kubernetes/operator/simulated-operator.ts";
import { rawNamed } from "../raw.ts";

const other = "example.com/backup";

test("the finalizer is put beside those of others, once", () => {
	for (const present of [undefined, [other]]) {
		const raw = rawNamed("a", { metadata: present === undefined ? {} : { finalizers: present } });
		const kept = withFinalizer(raw);
		expect(kept.metadata.finalizers).toEqual([...(present ?? []), finalizer]);
		expect(withFinalizer(kept)).toBe(kept);
		expect(raw.metadata.finalizers).toEqual(present);
	}
});

test("taking it off leaves those of others, and everything else", () => {
	const raw = rawNamed("a", {
		metadata: { finalizers: [other, finalizer], annotations: { a: "b" } },
	});
	const released = withoutFinalizer(raw);
	expect(released).toEqual({ ...raw, metadata: { ...raw.metadata, finalizers: [other] } });
	expect(withoutFinalizer(released)).toBe(released);
});
