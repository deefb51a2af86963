import { isDeepStrictEqual } from "node:util";
import type { Ask } from "./ask.ts";
import type { Difference } from "./difference.ts";
import { differences } from "./differences.ts";
import type { Observed } from "./observed.ts";
import type { BothAnswers } from "./ways.ts";

type Aspect = keyof Observed;

/** What of two answers differs. */
export function differingAspects({ direct, universal }: BothAnswers): Aspect[] {
	const aspects = Object.keys(direct) as Aspect[];
	const isLate = direct.code === "DeadlineExceeded" && universal.code === "DeadlineExceeded";
	return aspects.filter(
		(aspect) =>
			!isDeepStrictEqual(direct[aspect], universal[aspect]) &&
			!(isLate && chanceOfLateness.has(aspect)),
	);
}

/**
 * Who sees that a deadline has passed, and whether an implementation was begun before that, is a
 * matter of turns of the event loop.
 */
const chanceOfLateness: ReadonlySet<Aspect> = new Set(["words", "reason", "details", "given"]);

/** What differs and is not meant to. */
export function unexplained(ask: Ask, both: BothAnswers): Aspect[] {
	const explained = new Set(explaining(ask, both).flatMap(({ aspects }) => aspects));
	return differingAspects(both).filter((aspect) => !explained.has(aspect));
}

/** The differences of the table that two answers show. */
export function explaining(ask: Ask, both: BothAnswers): Difference[] {
	const differing = differingAspects(both);
	return differences.filter(
		({ aspects, holds }) =>
			aspects.some((aspect) => differing.includes(aspect)) && holds(both, ask),
	);
}

/** Of a report, in characters. */
const maxLineLength = 2_000;

/** For people: what was asked, and what came back where it differs. */
export function report(ask: Ask, both: BothAnswers, aspects: readonly Aspect[]): string {
	const lines = aspects.map(
		(aspect) =>
			`${aspect}: direct ${JSON.stringify(both.direct[aspect])}, universal ${JSON.stringify(both.universal[aspect])}`,
	);
	const { http, method, target, headers, body, inPieces } = ask;
	const asked = { http, method, target, headers, inPieces, body: body.toString("latin1") };
	return [JSON.stringify(asked), ...lines].map((line) => line.slice(0, maxLineLength)).join("\n");
}
