// Bundles the web client into one file, which the server offers at /client.js to pages that have no
// bundler of their own.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Rolldown } from "vite";
import { root } from "./source-files.ts";

const built = await build({
	root,
	configFile: false,
	logLevel: "warn",
	// For a worker: without the helper that hints to a page which files come next. There is one.
	ssr: { target: "webworker", noExternal: true },
	build: {
		ssr: true,
		write: false,
		minify: true,
		target: "es2022",
		rolldownOptions: {
			input: join(root, "web-client/src/index.ts"),
			output: { codeSplitting: false },
		},
	},
});
const { output } = (Array.isArray(built) ? built[0] : built) as Rolldown.RolldownOutput;
const [file, ...others] = output;
if (others.length > 0) throw new Error("more than one file");
mkdirSync(join(root, "server/assets"), { recursive: true });
writeFileSync(join(root, "server/assets/client.js"), file.code);
