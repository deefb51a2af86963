import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
	isAnnotationKey,
	isLabelKey,
	isLabelValue,
} from "../../server/src/resource/label-grammar.ts";
import { createSelector } from "../../server/src/watch/selector.ts";
import { keyTexts } from "../server/resource/label-texts.ts";
import { knownTexts, labelSets, selectorTexts } from "../server/watch/selector-texts.ts";
import { type Answer, buildApimachinery, type Question } from "./apimachinery.ts";

const seed = Number(process.env.WUKONG_TEST_SEED ?? 20_261_126);
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
