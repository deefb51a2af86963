import { execFileSync } from "node:child_process";
import { createFileRegistry, type DescService, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const folder = new URL("./protos/", import.meta.url).pathname;
const buf = new URL("../../node_modules/.bin/buf", import.meta.url).pathname;

/** Services of the test's own contracts under `protos/`, by their full names. */
export function buildServices(): (typeName: string) => DescService {
	const bytes = execFileSync(buf, ["build", folder, "-o", "-"], { maxBuffer: 16 * 1024 * 1024 });
	const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
	return (typeName) => {
		const found = registry.getService(typeName);
		if (found === undefined) throw new Error(`${typeName} is in no file of ${folder}`);
		return found;
	};
}
