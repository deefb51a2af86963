// Holds the direction of imports, and that no files import each other in a circle. A layer that
// can be replaced stays replaceable only while nothing below knows it; reviews miss single lines,
// this does not.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findCircles } from "./import-circles.ts";
import { checkImports } from "./import-rules.ts";
import { root, sourceFiles } from "./source-files.ts";

const files = sourceFiles("*.ts", "*.tsx").filter((file) => !file.startsWith("gen/"));
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
const faults = [...texts].flatMap(([file, text]) => checkImports(file, text));
const sources = [...texts].filter(([file]) => /^(?:server|web-client)\/src\//.test(file));
const circles = findCircles(new Map(sources));

for (const { file, line, rule } of faults) console.error(`${file}:${line}: ${rule}`);
for (const circle of circles) console.error(`circle: ${circle.join(", ")}`);
console.log(`imports: ${files.length} files, ${faults.length} faults, ${circles.length} circles`);
if (files.length === 0 || faults.length > 0 || circles.length > 0) process.exitCode = 1;
