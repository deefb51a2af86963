import { defineConfig } from "vitest/config";

// Generous times: they bound a failing test only. Tests wait for end states, and a shared runner may be
// slow; `until` gives up earlier and says what it has waited for.
export default defineConfig({
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/**/*.test.ts"],
		pool: "forks",
		maxWorkers: 2,
		testTimeout: 120_000,
		hookTimeout: 240_000,
		teardownTimeout: 60_000,
		passWithNoTests: false,
	},
});
