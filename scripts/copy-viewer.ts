// Copies the viewer of the API's description into the server package, which serves it under /docs/.
// Only these files go out: the package itself would bring an install script along.
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./source-files.ts";

const from = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));
const to = join(root, "server/assets/docs");
mkdirSync(to, { recursive: true });
for (const file of ["swagger-ui.css", "swagger-ui-bundle.js", "LICENSE", "NOTICE"]) {
	copyFileSync(join(from, file), join(to, file));
}
