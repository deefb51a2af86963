import { Code, ConnectError } from "@connectrpc/connect";
import { loadParts } from "./on-demand.ts";

type Fetch = typeof globalThis.fetch;

/**
 * Wraps fetch so that a failure says why. Before an answer there are two: nobody could be reached
 * (Code.Unavailable), or the service does not let pages of this origin in (Code.PermissionDenied),
 * which `forbidden.ts` tells apart for pages that call another origin.
 *
 * @param fetch does the work; undefined: the global fetch, looked up at each call
 * @param baseUrl where the calls go
 */
export function createReachingFetch(fetch: Fetch | undefined, baseUrl: string): Fetch {
	const ask: Fetch = (input, init) => (fetch ?? globalThis.fetch)(input, init);
	// Loaded while the network is there: a failure is no time for it.
	const parts = isForeign(baseUrl) ? loadParts().catch(() => undefined) : undefined;

	return async (input, init = {}) => {
		const url = String(input);
		if (fetch === undefined && globalThis.location === undefined && !URL.canParse(url)) {
			// Not a TypeError, which fetch throws here: it would count as a network failure.
			const text = "outside a page there is no origin to call: set baseUrl";
			throw new ConnectError(text, Code.FailedPrecondition);
		}
		try {
			return await ask(input, init);
		} catch (error) {
			const hasLeft = () => init.signal?.aborted;
			const isForbidden = !hasLeft() && (await (await parts)?.isForbidden(ask, url, init));
			if (hasLeft()) throw error;
			throw new ConnectError(
				isForbidden ? "the service lets no pages of this origin in" : "no answer came",
				isForbidden ? Code.PermissionDenied : Code.Unavailable,
				undefined,
				undefined,
				error,
			);
		}
	};
}

/** The page that this runs in, or that started this worker, has another origin. */
function isForeign(url: string): boolean {
	const here = globalThis.location;
	return here !== undefined && new URL(url, here.href).origin !== here.origin;
}
