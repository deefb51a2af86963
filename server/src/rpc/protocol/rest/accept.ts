import { badRequest, type Refusal } from "../../refusals.ts";

/** A range of media types and how much it is liked (RFC 9110, 12.5.1). */
interface MediaRange {
	readonly type: string;
	readonly subtype: string;
	readonly weight: number;
}

/** Ranges that are looked at: no browser has more. */
const maxRanges = 32;

/**
 * Chooses the media type that Accept likes best: by weight, then the one that it names over one that
 * a wildcard stands for, then the first that is offered.
 * Parameters but the weight are passed over.
 * @param accept undefined: anything is liked
 * @returns undefined where none of them is taken
 */
export function chooseMediaType(
	accept: string | undefined,
	offered: readonly string[],
): string | undefined {
	if (accept === undefined || accept === "*/*") return offered[0];
	if (offered.includes(accept)) return accept;
	const ranges = accept.split(",", maxRanges).map(parseRange);
	let best: string | undefined;
	let liked: Liking = { weight: 0, precision: 0 };
	for (const mediaType of offered) {
		const liking = likingOf(mediaType, ranges);
		const isHeavier = liking.weight > liked.weight;
		const isNamed = liking.weight === liked.weight && liking.precision > liked.precision;
		if (isHeavier || (isNamed && liking.weight > 0)) {
			best = mediaType;
			liked = liking;
		}
	}
	return best;
}

/** Weight of a media type, and how precise the range is that gives it. */
interface Liking {
	readonly weight: number;
	/** 3: the type is named, 2: its kind is, 1: everything is, 0: it is in no range. */
	readonly precision: number;
}

/** The most precise range decides. */
function likingOf(mediaType: string, ranges: readonly MediaRange[]): Liking {
	const [type, subtype] = mediaType.split("/", 2);
	let weight = 0;
	let precision = 0;
	for (const range of ranges) {
		const isType = range.type === type;
		const isWhole = isType && range.subtype === subtype;
		const isPart = isType && range.subtype === "*";
		const isAny = range.type === "*" && range.subtype === "*";
		const found = isWhole ? 3 : isPart ? 2 : isAny ? 1 : 0;
		if (found > precision) {
			precision = found;
			weight = range.weight;
		}
	}
	return { weight, precision };
}

/** A malformed range or weight takes nothing. */
function parseRange(text: string): MediaRange {
	const [range = "", ...parameters] = text.split(";");
	const [type = "", subtype = ""] = range.trim().toLowerCase().split("/");
	return { type, subtype, weight: weightIn(parameters) };
}

function weightIn(parameters: readonly string[]): number {
	for (const parameter of parameters) {
		const match = /^[\t ]*q=(.*?)[\t ]*$/i.exec(parameter);
		if (match === null) continue;
		return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(match[1] ?? "") ? Number(match[1]) : 0;
	}
	return 1;
}

/** Creates the refusal of a request that accepts none of the media types on offer (RFC 9110, 15.5.7). */
export function notAcceptable(offered: readonly string[]): Refusal {
	const message = `the answer comes as ${offered.join(" or ")}; accept one of these`;
	return { ...badRequest("headers", message), httpStatus: 406 };
}
