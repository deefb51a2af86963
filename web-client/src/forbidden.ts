type Fetch = typeof globalThis.fetch;

/** Name of a procedure with one answer and no side effect, which is asked without a message. */
const probe = "GetWukong";

/**
 * Says whether a call failed because the service lets no pages of this origin in. A page sees the same
 * TypeError where nobody could be reached (Fetch standard, CORS check), so it asks again: in `no-cors`
 * mode, which hides an answer but not that there is one, and once more as before.
 *
 * Both modes are asked, the first one twice: a service that comes up between them is no answer.
 */
export async function isForbidden(ask: Fetch, url: string, init: RequestInit): Promise<boolean> {
	const { signal = null } = init;
	const succeeds = (at: string, how: RequestInit) =>
		ask(at, how).then(
			(response) => {
				void response.body?.cancel().catch(() => {});
				return true;
			},
			() => false,
		);
	const isReached = () =>
		succeeds(url, { mode: "no-cors", cache: "no-store", credentials: "omit", signal });
	const probeUrl = url.replace(/\w+(\?.*)?$/, probe);
	const isAllowed = () => succeeds(probeUrl, { ...init, body: null });
	return (await isReached()) && !(await isAllowed()) && (await isReached());
}
