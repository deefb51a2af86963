import { describe, expect, test } from "vitest";
import {
	hiddenAnnotations,
	hiddenAnnotationViolations,
	visibleAnnotations,
} from "../../../../server/src/resource/wukong/hidden-annotations.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
const own = "wukong.novasphere.dev/request-id";

describe("hidden annotations", () => {
	const annotations = { note: "n", [lastApplied]: "{password}", [own]: "r-1" };

	test("are kubectl's copy of the object and the service's own", () => {
		expect(hiddenAnnotations(annotations)).toEqual({ [lastApplied]: "{password}", [own]: "r-1" });
		expect(visibleAnnotations(annotations)).toEqual({ note: "n" });
	});

	test("are told by the whole prefix", () => {
		const lookalikes = {
			"wukong.novasphere.dev.example/x": "1",
			"kubectl.kubernetes.io/restartedAt": "2",
		};
		expect(visibleAnnotations(lookalikes)).toBe(lookalikes);
	});

	test("are violations in a request, each under its own path", () => {
		expect(hiddenAnnotationViolations(annotations).map(({ field }) => field)).toEqual([
			`wukong.annotations["${lastApplied}"]`,
			`wukong.annotations["${own}"]`,
		]);
		expect(hiddenAnnotationViolations({ note: "n" })).toEqual([]);
	});

	test("have paths of at most 256 characters", () => {
		const key = `wukong.novasphere.dev/${"x".repeat(1_000)}`;
		expect(hiddenAnnotationViolations({ [key]: "" })[0]?.field).toHaveLength(256);
	});
});
