import { createSeededRandom } from "../../support/seeded-random.ts";

/** Choices of a seeded random source. */
export interface Pick {
	/** Whether something is, with a likelihood from 0 to 1. */
	is(likelihood: number): boolean;
	oneOf<T>(items: readonly T[]): T;
	/** A whole number from 0 to this. */
	upTo(most: number): number;
}

export function createPick(seed: number): Pick {
	const random = createSeededRandom(seed);
	return {
		is: (likelihood) => random() < likelihood,
		oneOf: <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T,
		upTo: (most) => Math.floor(random() * (most + 1)),
	};
}
