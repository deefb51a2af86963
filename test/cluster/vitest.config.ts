import { defineConfig } from "vitest/config";
import { root } from "../../scripts/source-files.ts";

// Apart from the others because they need a real API server: `npm run test:cluster`.
export default defineConfig({
	root,
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/cluster/**/*.cluster.ts", "test/faults/**/*.cluster.ts"],
		globalSetup: ["test/cluster/shared-cluster.ts"],
		pool: "forks",
		maxWorkers: 2,
		testTimeout: 300_000,
		hookTimeout: 300_000,
		teardownTimeout: 60_000,
		passWithNoTests: false,
	},
});
