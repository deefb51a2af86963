import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
	isAnnotationKey,
	isLabelKey,
	isLabelValue,
} from "../../server/src/resource/label-grammar.ts";
import { validateWukong } from "../../server/src/resource/wukong/rules/rules.ts";
import {
	maxQuantityBytes,
	quantityBytes,
} from "../../server/src/resource/wukong/rules/spec-rules.ts";
import { createSelector } from "../../server/src/watch/selector/selector.ts";
import { keyTexts } from "../server/resource/label-texts.ts";
import { wukongNamed } from "../server/store/write.ts";
import { knownTexts, labelSets, selectorTexts } from "../server/watch/selector-texts.ts";
import { testSeed } from "../support/seed.ts";
import { type Answer, buildApimachinery, type Question } from "./apimachinery.ts";

const seed = testSeed;
const kubernetes = buildApimachinery();
afterAll(() => kubernetes.remove());

const made = <T>(arbitrary: fc.Arbitrary<T>) => fc.sample(arbitrary, { seed, numRuns: 20_000 });

/** Each question on which the two do not agree. */
async function differences(
	questions: readonly Question[],
	ours: (question: Question) => Answer,
): Promise<unknown[]> {
	const theirs = await kubernetes.ask(questions);
	expect(theirs).toHaveLength(questions.length);
	return questions
		.map((question, index) => ({ question, ours: ours(question), theirs: theirs[index] }))
		.filter(({ ours, theirs }) => JSON.stringify(ours) !== JSON.stringify(theirs));
}

function readSelector({ text, labels = [] }: Question): Answer {
	try {
		const selector = createSelector({}, text);
		return { valid: true, matches: labels.map((set) => selector.matches(set)) };
	} catch {
		return { valid: false };
	}
}

test(`labels.Parse and Matches of apimachinery read selectors as the service does (seed ${seed})`, async () => {
	// At a NUL theirs stops reading and takes what stood before; ours refuses it.
	const texts = [...knownTexts, ...made(selectorTexts)].filter((text) => !text.includes("\0"));
	const questions = texts.map((text) => ({ kind: "selector", text, labels: labelSets }) as const);
	expect(await differences(questions, readSelector)).toEqual([]);
});

test.each([
	["label-key", isLabelKey],
	["annotation-key", isAnnotationKey],
	["label-value", isLabelValue],
] as const)(`apimachinery knows a %s as the service does (seed ${seed})`, async (kind, isRight) => {
	const questions = made(keyTexts).map((text) => ({ kind, text }));
	const ours = ({ text }: Question) => ({ valid: isRight(text) });
	expect(await differences(questions, ours)).toEqual([]);
});

test(`resource.ParseQuantity takes just what a new VM may have (seed ${seed})`, async () => {
	const digits = fc.string({ unit: fc.constantFrom(..."0159"), maxLength: 14 });
	const suffix = fc.constantFrom("", ..."KMGTPE", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei");
	const quantity = fc
		.tuple(digits, fc.option(digits), suffix)
		.map(([whole, part, unit]) => `0${whole}${part === null ? "" : `.${part}0`}${unit}`);
	const texts = ["0", "1", "8Ei", "7.999999999Ei", "9223372036854775807", "9223372036854775808"];
	const asked = [...texts, ...made(quantity)].map((text) => ({ kind: "quantity", text }) as const);
	const answers = await kubernetes.ask(asked);
	// Beyond 64 bits Kubernetes makes the most of it without a word; the service refuses.
	const wrong = asked.filter(({ text }, index) => {
		const { valid, value = "0" } = answers[index] as Answer;
		const bytes = quantityBytes(text) ?? 0n;
		const isRight = valid && value !== "0" && bytes <= maxQuantityBytes;
		const faults = validateWukong(wukongNamed("a", { memory: text }), undefined);
		return isRight !== (faults.length === 0) || (isRight && String(bytes) !== value);
	});
	expect(wrong).toEqual([]);
});
