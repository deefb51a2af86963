import type { Faults } from "../faults.ts";
import type { Answer } from "./caller.ts";

/** Judges answers. */
export interface AnswerCheck {
	judge(answer: Answer): void;
	/** Right answers so far. */
	readonly right: number;
}

/** Of so many answers one is compared with the first. */
const sampleEvery = 64;

/**
 * The first answer is decoded and compared with what it must say; the others must be of its size,
 * and samples must say the same.
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
		if (judged % sampleEvery !== 0) return undefined;
		const bytes = Buffer.concat(body);
		// Who writes maps in any order says the same in other bytes.
		return bytes.equals(reference) || options.isRight(bytes) ? undefined : "wrong content";
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
