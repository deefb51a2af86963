import { defineConfig } from "vitest/config";
import { root } from "../../scripts/source-files.ts";

// All fault tests at once, and on their own: `npm run faults`, as often as promised.
export default defineConfig({
	root,
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/faults/**/*.test.ts", "test/faults/**/*.cluster.ts"],
		globalSetup: ["test/cluster/shared-cluster.ts"],
		pool: "forks",
		maxWorkers: 2,
		testTimeout: 300_000,
		hookTimeout: 300_000,
		teardownTimeout: 60_000,
		passWithNoTests: false,
	},
});
