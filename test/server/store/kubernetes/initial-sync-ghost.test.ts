import { expect, test } from "vitest";
import { rawNamed } from "./raw.ts";
import { createReflectorHarness } from "./reflector-harness.ts";

test("a VM that came and went, whose end comes late, is no ghost", async () => {
	const h = createReflectorHarness({ historyVersions: 20n });
	const b = rawNamed("b", { version: 230 });
	h.upstream.listAnswers.push(
		() => ({ version: 231n, items: [b], continueToken: "" }),
		() => ({ version: 211n, items: [], continueToken: "" }),
	);
	await h.start();
	h.upstream.watching.send("ADDED", rawNamed("a", { version: 229 }));
	h.upstream.watching.send("ADDED", b);
	await h.settle();
	await h.clock.advance(300);
	await h.settle();
	h.upstream.watching.send("DELETED", rawNamed("a", { version: 231 }));
	await h.settle();
	await h.clock.advance(6_000);
	await h.settle();
	expect([...h.sink.objects.keys()]).toEqual(["default/b"]);
	await h.close();
});
