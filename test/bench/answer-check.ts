import type { Answer } from "./caller.ts";
import type { Faults } from "./faults.ts";

/** Judges answers. */
export interface AnswerCheck {
	judge(answer: Answer): void;
	/** Right answers so far. */
	readonly right: number;
}

/** Of so many answers the bytes of one are compared. */
const sampleEvery = 64;

/**
 * The first answer is decoded and compared with what it must say; the others must be of its size,
 * and samples must be its very bytes.
 */
export function createAnswerCheck(options: {
	readonly name: string;
	readonly faults: Faults;
	isRight(answer: Uint8Array): boolean;
}): AnswerCheck {
	const { name, faults } = options;
	let reference: Buffer | undefined;
	let right = 0;
	let judged = 0;

	const problem = ({ ok, status, body }: Answer): string | undefined => {
		if (!ok) return status;
		if (reference === undefined) {
			const first = Buffer.concat(body);
			if (!options.isRight(first)) return "wrong content";
			reference = first;
			return undefined;
		}
		let sizeBytes = 0;
		for (const part of body) sizeBytes += part.length;
		if (sizeBytes !== reference.length) return `${sizeBytes} bytes, not ${reference.length}`;
		const sampled = judged % sampleEvery === 0;
		return sampled && !Buffer.concat(body).equals(reference) ? "other bytes" : undefined;
	};

	return {
		judge(answer) {
			const found = problem(answer);
			judged++;
			if (found === undefined) right++;
			else faults.add(`${name}: ${found}`);
		},
		get right() {
			return right;
		},
	};
}
