// Writes gen/openapi/openapi.json from the contract; with a folder as argument there instead.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createDocument } from "./openapi/document.ts";
import { root } from "./source-files.ts";

const folder = process.argv[2] ?? join(root, "gen/openapi");
const path = join(folder, "openapi.json");
const image = execFileSync("buf", ["build", "--path", "proto/novasphere", "-o", "-#format=binpb"], {
	cwd: root,
	maxBuffer: 16 * 1024 * 1024,
});
const contract = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
mkdirSync(folder, { recursive: true });
writeFileSync(path, `${JSON.stringify(createDocument(contract), null, "\t")}\n`);
console.log(`openapi: ${path} is written`);
