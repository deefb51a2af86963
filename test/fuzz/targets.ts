import { envelopes } from "./envelopes.ts";
import { firstBytes } from "./first-bytes.ts";
import { getQueries } from "./get-request.ts";
import type { FuzzTarget } from "./target.ts";
import { labelSelectors, maskPaths, wireBytes } from "./texts.ts";
import { pageTokens, resumeTokens } from "./tokens.ts";

/** Every parser that reads what strangers send. */
export const fuzzTargets: readonly FuzzTarget[] = [
	firstBytes,
	envelopes,
	getQueries,
	pageTokens,
	resumeTokens,
	labelSelectors,
	maskPaths,
	wireBytes,
];
