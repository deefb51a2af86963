import { posix } from "node:path";
import { importedBy } from "./import-rules.ts";

/**
 * Finds files that import each other, directly or around others, types included: none of them can
 * be read, tested or moved without the rest.
 * @param texts source files by path from the repository's root, with forward slashes
 * @returns each circle once, its files in the order of their paths
 */
export function findCircles(texts: ReadonlyMap<string, string>): string[][] {
	const imports = new Map([...texts].map(([file, text]) => [file, targetsOf(file, text)]));
	const circles: string[][] = [];
	// Tarjan's strongly connected components.
	const order = new Map<string, number>();
	const open: string[] = [];

	const visit = (file: string): number => {
		const place = order.size;
		order.set(file, place);
		let low = place;
		open.push(file);
		for (const target of imports.get(file) ?? []) {
			if (!imports.has(target)) continue;
			const seen = order.get(target);
			if (seen === undefined) low = Math.min(low, visit(target));
			else if (open.includes(target)) low = Math.min(low, seen);
		}
		if (low === place) {
			const members = open.splice(open.indexOf(file));
			if (members.length > 1) circles.push(members.sort());
		}
		return low;
	};
	for (const file of imports.keys()) {
		if (!order.has(file)) visit(file);
	}
	return circles;
}

function targetsOf(file: string, text: string): string[] {
	return text.split("\n").flatMap((line) => {
		const specifier = importedBy(line);
		return specifier?.startsWith(".") ? [posix.join(posix.dirname(file), specifier)] : [];
	});
}
