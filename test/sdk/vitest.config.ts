import { defineConfig } from "vitest/config";
import { root } from "../../scripts/source-files.ts";

// Apart from the others because they need Go and Python: `npm run test:sdk`.
export default defineConfig({
	root,
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/sdk/**/*.sdk.ts"],
		pool: "forks",
		maxWorkers: 1,
		testTimeout: 300_000,
		hookTimeout: 300_000,
		passWithNoTests: false,
	},
});
