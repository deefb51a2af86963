import { defineConfig } from "vitest/config";
import { root } from "../../scripts/source-files.ts";

// Behind a real nginx: `npm run test:nginx`, some four minutes.
export default defineConfig({
	root,
	test: {
		setupFiles: ["test/support/fixed-seed.ts"],
		include: ["test/nginx/**/*.nginx.ts"],
		pool: "forks",
		testTimeout: 300_000,
		hookTimeout: 300_000,
		passWithNoTests: false,
	},
});
