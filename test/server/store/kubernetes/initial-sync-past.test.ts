import { afterEach, expect, test } from "vitest";
import { rawNamed } from "./raw.ts";
import { createReflectorHarness, type ReflectorHarness, wordsOf } from "./reflector-harness.ts";
import { refused } from "./scripted-upstream.ts";

const items = [rawNamed("a", { version: 90 })];
const refuse = () => {
	throw refused(410);
};

let harness: ReflectorHarness | undefined;
afterEach(() => harness?.close());

/** Starts at version 100, with this much of the past wanted. */
function prepare(historyVersions: bigint): ReflectorHarness {
	const prepared = createReflectorHarness({ historyVersions });
	prepared.upstream.state = { version: 100, objects: items };
	prepared.upstream.listAnswers.push(() => ({ version: 100n, items, continueToken: "" }));
	harness = prepared;
	return prepared;
}

test("the past begins nearer where the farther one is compacted, or refused to watches", async () => {
	const { upstream, sink, clock, start } = prepare(400n);
	const pastAt = (version: bigint) => () => ({ version, items: [], continueToken: "" });
	upstream.listAnswers.push(refuse, pastAt(75n), pastAt(88n));
	upstream.watchAnswers.push(() => {}, refuse);
	await start();
	const versions = upstream.lists.map(({ exactVersion }) => exactVersion);
	expect(versions).toEqual([undefined, 50n, 75n, 88n]);
	upstream.watching.send("ADDED", rawNamed("a", { version: 90 }));
	upstream.watching.bookmark(100);
	await clock.advance(1_000);
	expect(sink.loads).toMatchObject([{ head: 100n, base: 88n }]);
	expect(sink.loads[0]?.history.map(wordsOf)).toEqual(["ADDED a@90"]);
});

test("what the watch tells while the past is listed is not lost", async () => {
	const { upstream, sink, clock, start, settle } = prepare(20n);
	const list = upstream.list.bind(upstream);
	const { promise: told, resolve: tell } = Promise.withResolvers<void>();
	upstream.list = async (request) => {
		if (request.exactVersion !== undefined) await told;
		return list(request);
	};
	upstream.listAnswers.push(() => ({ version: 80n, items: [], continueToken: "" }));
	await start();
	upstream.watching.send("ADDED", rawNamed("a", { version: 90 }));
	upstream.watching.send("ADDED", rawNamed("gone", { version: 92 }));
	upstream.watching.send("DELETED", rawNamed("gone", { version: 95 }));
	await settle();
	tell();
	await settle();
	await clock.advance(1_000);
	expect(sink.loads).toMatchObject([{ head: 100n, base: 80n }]);
	expect(sink.loads[0]?.history.map(wordsOf)).toEqual([
		"ADDED a@90",
		"ADDED gone@92",
		"DELETED gone@95",
	]);
});
