import { expect, test } from "vitest";
import { createFaults } from "../faults.ts";
import { createAnswerCheck } from "./answer-check.ts";
import type { Answer } from "./caller.ts";

const answer = (...parts: string[]): Answer => ({
	ok: true,
	status: "HTTP 200",
	body: parts.map((part) => Buffer.from(part)),
});

function judged(...answers: Answer[]) {
	const faults = createFaults(() => {});
	const check = createAnswerCheck({
		name: "x",
		faults,
		isRight: (bytes) => ["right", "RIGHT"].includes(Buffer.from(bytes).toString()),
	});
	for (const each of answers) check.judge(each);
	return { right: check.right, faults: faults.texts() };
}

test("answers like a right first one are right, however they are cut", () => {
	expect(judged(answer("right"), answer("ri", "ght"))).toEqual({ right: 2, faults: [] });
});

test("a wrong first answer is a fault, and is no measure for the others", () => {
	expect(judged(answer("wrong"), answer("right"), answer("right"))).toEqual({
		right: 2,
		faults: ["1 × x: wrong content"],
	});
});

test("an answer of another size, or that is no success, is a fault", () => {
	const failed: Answer = { ok: false, status: "HTTP 503", body: [] };
	expect(judged(answer("right"), answer("righ"), failed, failed)).toEqual({
		right: 1,
		faults: ["1 × x: 4 bytes, not 5", "2 × x: HTTP 503"],
	});
});

test("wrong content of the right size is found in the samples", () => {
	const many = Array.from({ length: 64 }, () => answer("WRONG"));
	expect(judged(answer("right"), ...many).faults).toEqual(["1 × x: wrong content"]);
});

test("other bytes that say the same are right", () => {
	const many = Array.from({ length: 64 }, () => answer("RIGHT"));
	expect(judged(answer("right"), ...many).faults).toEqual([]);
});
