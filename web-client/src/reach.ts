import { Code, ConnectError } from "@connectrpc/connect";

type Fetch = typeof globalThis.fetch;

/**
 * Wraps fetch so that a failure says why. Before an answer there are two: nobody could be reached
 * (Code.Unavailable), or the service does not let pages of this origin in (Code.PermissionDenied).
 * A page sees the same TypeError for both (Fetch standard, CORS check), so it asks again: in
 * `no-cors` mode, which hides an answer but not that there is one, and once more as before.
 *
 * @param fetch does the work; undefined: the global fetch, looked up at each call
 * @param probe name of a procedure with one answer and no side effect, asked without a message
 */
export function createReachingFetch(fetch: Fetch | undefined, probe: string): Fetch {
	const ask: Fetch = (input, init) => (fetch ?? globalThis.fetch)(input, init);
	const succeeds = (url: string, init: RequestInit) =>
		ask(url, init).then(
			(response) => {
				void response.body?.cancel().catch(() => {});
				return true;
			},
			() => false,
		);

	/** Asks in both modes, the first one twice: a service that comes up between them is no answer. */
	async function isForbidden(url: string, init: RequestInit): Promise<boolean> {
		if (!isForeign(url)) return false;
		const { signal = null } = init;
		const isReached = () =>
			succeeds(url, { mode: "no-cors", cache: "no-store", credentials: "omit", signal });
		const probeUrl = url.replace(/\w+(\?.*)?$/, probe);
		const isAllowed = () => succeeds(probeUrl, { ...init, body: null });
		return (await isReached()) && !(await isAllowed()) && (await isReached());
	}

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
			const fail = (text: string, code: Code) => {
				throw hasLeft() ? error : new ConnectError(text, code, undefined, undefined, error);
			};
			if (!hasLeft() && (await isForbidden(url, init))) {
				fail("the service lets no pages of this origin in", Code.PermissionDenied);
			}
			return fail("no answer came", Code.Unavailable);
		}
	};
}

/** The page that this runs in, or that started this worker, has another origin. */
function isForeign(url: string): boolean {
	const here = globalThis.location;
	return here !== undefined && new URL(url, here.href).origin !== here.origin;
}
