import { Code, ConnectError } from "@connectrpc/connect";

type Fetch = typeof globalThis.fetch;

/** How a service is asked, beside the calls themselves. */
export interface ReachOptions {
	/** Does the work. Default: the global fetch, looked up at each call. */
	readonly fetch: Fetch | undefined;
	/** A procedure with one answer and no side effect, asked without a message. */
	readonly probeUrl: string;
}

/**
 * Wraps fetch so that a failure says why. Before an answer there are two: nobody could be reached
 * (Code.Unavailable), or the service does not let pages of this origin in (Code.PermissionDenied).
 * A page sees the same TypeError for both (Fetch standard, CORS check), so it asks again: in
 * `no-cors` mode, which hides an answer but not that there is one, and once more as before.
 */
export function createReachingFetch({ fetch, probeUrl }: ReachOptions): Fetch {
	const ask: Fetch = (input, init) => (fetch ?? globalThis.fetch)(input, init);
	const succeeds = (input: string, init: RequestInit) =>
		ask(input, init).then(
			(response) => {
				void response.body?.cancel().catch(() => {});
				return true;
			},
			() => false,
		);

	/** Asks in both modes, the first one twice: a service that comes up between them is no answer. */
	async function isForbidden(url: string, init: RequestInit): Promise<boolean> {
		if (!isForeign(url)) return false;
		const { signal = null, method = "GET" } = init;
		const isReached = () =>
			succeeds(url, { mode: "no-cors", cache: "no-store", credentials: "omit", signal });
		const isAllowed = () =>
			method === "GET" ? succeeds(url, init) : succeeds(probeUrl, { ...init, body: null });
		return (await isReached()) && !(await isAllowed()) && (await isReached());
	}

	return async (input, init = {}) => {
		if (fetch === undefined && globalThis.location === undefined && !URL.canParse(String(input))) {
			// Not a TypeError, which fetch throws here: it would count as a network failure.
			const text = "outside a page there is no origin to call: give createWukongClient a baseUrl";
			throw new ConnectError(text, Code.FailedPrecondition);
		}
		try {
			return await ask(input, init);
		} catch (error) {
			const hasLeft = () => init.signal?.aborted === true;
			const forbidden = !hasLeft() && (await isForbidden(String(input), init));
			if (hasLeft()) throw error;
			const [text, code] = forbidden
				? ["the service lets no pages of this origin in", Code.PermissionDenied]
				: ["no answer came", Code.Unavailable];
			throw new ConnectError(text as string, code as Code, undefined, undefined, error);
		}
	};
}

/** The page that this runs in, or that started this worker, has another origin. */
function isForeign(url: string): boolean {
	const here = globalThis.location;
	return here !== undefined && new URL(url, here.href).origin !== here.origin;
}
