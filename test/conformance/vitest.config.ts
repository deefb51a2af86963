import { defineConfig } from "vitest/config";
import { root } from "../../scripts/source-files.ts";

// Apart from the others because they need programs built by Go: `npm run test:conformance`.
export default defineConfig({
	root,
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/conformance/**/*.conformance.ts"],
		pool: "forks",
		// One at a time: both judge by the clock whether an answer came.
		maxWorkers: 1,
		testTimeout: 900_000,
		hookTimeout: 300_000,
		teardownTimeout: 60_000,
		passWithNoTests: false,
	},
});
