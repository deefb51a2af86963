// Holds the direction of imports: main -> app -> transport -> service -> watch -> store ->
// resource -> gen. A layer that can be replaced stays replaceable only while nothing below
// knows it; reviews miss single lines, this does not.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkImports } from "./import-rules.ts";
import { root, sourceFiles } from "./source-files.ts";

const files = sourceFiles("*.ts").filter((file) => !file.startsWith("gen/"));
const faults = files.flatMap((file) => checkImports(file, readFileSync(join(root, file), "utf8")));
for (const { file, line, rule } of faults) console.error(`${file}:${line}: ${rule}`);
console.log(`imports: ${files.length} files, ${faults.length} faults`);
if (files.length === 0 || faults.length > 0) process.exitCode = 1;
