import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { testSeed } from "../support/seed.ts";
import { messageBytes } from "./protobuf/binary-documents.ts";
import { differences } from "./protobuf/differences.ts";
import { objectText } from "./protobuf/json-documents.ts";
import { type Document, judge, type Verdict } from "./protobuf/judge.ts";
import { createPick } from "./protobuf/picks.ts";
import { everything } from "./protobuf/schema.ts";

// More of them at length: `WUKONG_TEST_SEED=fresh WUKONG_PROTOBUF_RUNS=100000`.
const runs = Number(process.env.WUKONG_PROTOBUF_RUNS ?? 4_000);
const seed = testSeed;

const schemas = [everything, ...WukongService.methods.map(({ input }) => input)];

/** Verdicts that differ in a way that no row of the table has. */
function unexplained(verdicts: readonly Verdict[]) {
	return verdicts.filter((verdict) => !verdict.agree && !isExplained(verdict)).map(told);
}

function isExplained(verdict: Verdict): boolean {
	const text = verdict.document.bytes.toString();
	return differences.some(
		(difference) => difference.takenBy === takerOf(verdict) && difference.holds(verdict, text),
	);
}

function takerOf({ ours, theirs }: Verdict): "us" | "them" | "both" {
	if (ours === undefined) return theirs === undefined ? "both" : "us";
	return "them";
}

function told({ document, ours, theirs }: Verdict) {
	const { schema, form, bytes } = document;
	return {
		type: schema.typeName,
		form,
		bytes: bytes.toString(form === "json" ? "utf8" : "hex"),
		ours,
		theirs,
	};
}

describe(`protobuf-go takes and refuses the same, and makes the same of it (seed ${seed})`, () => {
	test.each(schemas)("of $typeName in JSON", async (schema) => {
		const pick = createPick(seed);
		const documents = Array.from({ length: runs }, (): Document => {
			const text = objectText(schema, pick);
			return { schema, form: "json", bytes: Buffer.from(text) };
		});
		const verdicts = await judge(documents);
		expect(unexplained(verdicts)).toEqual([]);
		// Else nothing would have been compared.
		expect(
			verdicts.filter((verdict) => verdict.agree && verdict.ours === undefined).length,
		).toBeGreaterThan(runs / 20);
	});

	test.each(schemas)("of $typeName in binary form", async (schema) => {
		const pick = createPick(seed);
		const documents = Array.from(
			{ length: runs },
			(): Document => ({
				schema,
				form: "binary",
				bytes: Buffer.from(messageBytes(schema, pick)),
			}),
		);
		const verdicts = await judge(documents);
		expect(unexplained(verdicts)).toEqual([]);
		expect(
			verdicts.filter((verdict) => verdict.agree && verdict.ours === undefined).length,
		).toBeGreaterThan(runs / 4);
	});

	test("of JSON that is not UTF-8, or is cut", async () => {
		const pick = createPick(seed);
		const documents = Array.from({ length: runs }, (): Document => {
			const bytes = Buffer.from(objectText(everything, pick));
			if (pick.is(0.3))
				return {
					schema: everything,
					form: "json",
					bytes: bytes.subarray(0, pick.upTo(bytes.length)),
				};
			bytes[pick.upTo(bytes.length - 1)] = pick.upTo(255);
			return { schema: everything, form: "json", bytes };
		});
		expect(unexplained(await judge(documents))).toEqual([]);
	});
});

test.each(differences)("differs, and is to: $name", async ({ takenBy, holds, example }) => {
	const [verdict] = await judge([example]);
	if (verdict === undefined) throw new Error("no verdict");
	expect({ agree: verdict.agree, takenBy: takerOf(verdict) }).toEqual({ agree: false, takenBy });
	expect(holds(verdict, example.bytes.toString())).toBe(true);
});
