// Writes the table of options into docs/operations.md from the one that the service reads, so
// that the page cannot say something else.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withOptionsTable } from "./options-page.ts";
import { root } from "./source-files.ts";

const page = join(root, "docs/operations.md");
writeFileSync(page, withOptionsTable(readFileSync(page, "utf8")));
console.log("options: docs/operations.md is written");
