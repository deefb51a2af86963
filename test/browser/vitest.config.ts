import { defineConfig } from "vitest/config";
import { root } from "../../scripts/source-files.ts";

// Apart from the others because they need browsers of the machine: `npm run test:browsers`.
export default defineConfig({
	root,
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/browser/*.browser.ts"],
		pool: "forks",
		maxWorkers: 1,
		testTimeout: 200_000,
		hookTimeout: 300_000,
		teardownTimeout: 60_000,
		passWithNoTests: false,
	},
});
