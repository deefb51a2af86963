import type { Upstream } from "./api.ts";

const never = new AbortController().signal;

/**
 * Creates a function that asks the API server for its newest version, with a list of one object. A
 * caller that asks while an answer is under way waits for the next one, which all of these share: the
 * one under way may be older than what they have seen elsewhere. So many callers cost two calls at most.
 * @returns fails with UpstreamError, or with the reason of its signal
 */
export function createCurrentVersion(
	upstream: Pick<Upstream, "list">,
): (signal: AbortSignal) => Promise<bigint> {
	let current: Promise<unknown> = Promise.resolve();
	let next: Promise<bigint> | undefined;

	const ask = async () => {
		const request = { limit: 1, continueToken: "", exactVersion: undefined, signal: never };
		return (await upstream.list(request)).version;
	};
	const begin = () => {
		next = undefined;
		const asked = ask();
		current = asked.catch(() => {});
		return asked;
	};
	return (signal) => {
		next ??= current.then(begin);
		return orAborted(next, signal);
	};
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	const { promise: aborted, reject } = Promise.withResolvers<never>();
	const onAbort = () => reject(signal.reason);
	signal.addEventListener("abort", onAbort);
	if (signal.aborted) onAbort();
	return Promise.race([promise, aborted]).finally(() =>
		signal.removeEventListener("abort", onAbort),
	);
}
