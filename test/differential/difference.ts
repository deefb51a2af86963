import type { Ask } from "./ask.ts";
import type { Observed } from "./observed.ts";
import type { BothAnswers } from "./ways.ts";

/** A difference between the two ways that is meant. */
export interface Difference {
	readonly name: string;
	readonly reason: string;
	/** What differs. */
	readonly aspects: readonly (keyof Observed)[];
	/** Whether two answers differ for this reason. */
	readonly holds: (both: BothAnswers, ask: Ask) => boolean;
	/** A request to the probe service that shows it. */
	readonly example: Ask;
}

/** What a call that goes another way may show otherwise. */
export const everything: readonly (keyof Observed)[] = [
	"status",
	"isWhole",
	"contentType",
	"encoding",
	"compressed",
	"messages",
	"code",
	"reason",
	"violations",
	"words",
	"details",
	"headers",
	"trailers",
	"caching",
	"given",
];

/** An implementation was begun. */
export function isBegun({ given }: Observed): boolean {
	return given !== undefined;
}

/** No implementation was begun, either way. */
export function isUnbegun({ direct, universal }: BothAnswers): boolean {
	return !isBegun(direct) && !isBegun(universal);
}

/** How the words begin with which connect's handlers refuse, and the parts of this port below them. */
const connectsWords =
	/^(protocol error|parse binary|cannot decode|unknown compression|message size|received compressed|decompression failed|the message is too large after|The encoded data|the request's body)/;

/** No implementation was begun: both ways have refused what came, and not the service. */
export function isRefusal(both: BothAnswers): boolean {
	return isUnbegun(both) && connectsWords.test(both.universal.words ?? "");
}
