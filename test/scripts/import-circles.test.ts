import { expect, test } from "vitest";
import { findCircles } from "../../scripts/import-circles.ts";

const circlesOf = (texts: Readonly<Record<string, string>>) =>
	findCircles(new Map(Object.entries(texts)));

test("files that import one way have no circle", () => {
	const texts = {
		"a/x.ts": 'import { y } from "./y.ts";\nimport { z } from "../b/z.ts";\n',
		"a/y.ts": 'import { z } from "../b/z.ts";\n',
		"b/z.ts": 'import { once } from "node:events";\n',
	};
	expect(circlesOf(texts)).toEqual([]);
});

test("two files that import each other are a circle, types too", () => {
	const texts = {
		"a.ts": 'import type { B } from "./b.ts";\n',
		"b.ts": 'import {\n\ta,\n} from "./a.ts";\n',
		"c.ts": 'import { a } from "./a.ts";\n',
	};
	expect(circlesOf(texts)).toEqual([["a.ts", "b.ts"]]);
});

test("circles around other files are found, each once", () => {
	const texts = {
		"a.ts": 'export { b } from "./b.ts";\n',
		"b.ts": 'import { c } from "./c.ts";\n',
		"c.ts": 'const a = await import("./a.ts");\n',
		"p.ts": 'import { q } from "./q.ts";\n',
		"q.ts": 'import { p } from "./p.ts";\nimport { a } from "./a.ts";\n',
	};
	expect(circlesOf(texts)).toEqual([
		["a.ts", "b.ts", "c.ts"],
		["p.ts", "q.ts"],
	]);
});
