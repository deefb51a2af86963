import { createRegistry, type DescFile, type Registry } from "@bufbuild/protobuf";

const registries = new WeakMap<DescFile, Registry>();

/**
 * The types that `google.protobuf.Any` may hold in the JSON form of a file's messages: those of the
 * file and of all that it imports. The binary form needs none.
 */
export function jsonTypesOf(file: DescFile): Registry {
	let registry = registries.get(file);
	if (registry === undefined) {
		registry = createRegistry(...withImports(file));
		registries.set(file, registry);
	}
	return registry;
}

function withImports(file: DescFile, seen = new Set<DescFile>()): Set<DescFile> {
	if (!seen.has(file)) {
		seen.add(file);
		for (const imported of file.dependencies) withImports(imported, seen);
	}
	return seen;
}
