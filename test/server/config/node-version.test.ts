import { expect, test } from "vitest";
import { nodeVersionFault } from "../../../server/src/config/node-version.ts";

test.each(["24.18.1", "24.19.0", "26.5.1", "26.10.0", "27.0.0", process.versions.node])(
	"Node %s is good",
	(version) => {
		expect(nodeVersionFault(version)).toBeUndefined();
	},
);

test.each(["20.20.2", "22.23.2", "24.18.0", "24.9.9", "25.9.0", "26.5.0", "26.0.0"])(
	"Node %s is refused",
	(version) => {
		expect(nodeVersionFault(version)).toContain(version);
	},
);
