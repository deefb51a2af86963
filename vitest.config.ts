import { defineConfig } from "vitest/config";

// Generous times: tests wait for end states, and a shared runner may be slow.
export default defineConfig({
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/**/*.test.ts"],
		pool: "forks",
		maxWorkers: 2,
		testTimeout: 30_000,
		hookTimeout: 60_000,
		teardownTimeout: 10_000,
		passWithNoTests: false,
	},
});
