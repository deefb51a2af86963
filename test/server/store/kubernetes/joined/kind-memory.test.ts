import { expect, test } from "vitest";
import { createKindMemory } from "../../../../../server/src/store/kubernetes/joined/kind-memory.ts";

interface Thing {
	readonly namespace: string;
	readonly name: string;
	readonly uid: string;
	readonly resourceVersion: string;
}

const thing = (name: string): Thing => ({ namespace: "n", name, uid: name, resourceVersion: "1" });

test("a memory says whether anything is loaded without a walk over it, which each change asks", () => {
	const memory = createKindMemory<Thing>();
	expect([memory.isLoaded, memory.known]).toEqual([false, undefined]);
	memory.load({ objects: [thing("a")], head: 3n, base: 1n, history: [] });
	memory.append([
		{
			...{ version: 4n, resumeVersion: 4n, timeMs: 0, deleted: false },
			...{ object: thing("b"), previous: undefined },
		},
	]);
	memory.advance(6n);
	expect(memory.isLoaded).toBe(true);
	expect(memory.known).toMatchObject({ head: 6n, base: 1n });
	expect(memory.known?.history).toHaveLength(1);
	memory.forgetHistory();
	expect(memory.known).toMatchObject({ head: 6n, base: 6n, history: [] });
	memory.forget();
	expect(memory.isLoaded).toBe(false);
});
