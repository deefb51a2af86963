import { type ContextKey, createContextKey, type Interceptor } from "@connectrpc/connect";

/** Set once a call got past connect's own checks, to the first interceptor. */
export const reachedKey: ContextKey<boolean> = createContextKey(false, {
	description: "an interceptor was reached",
});

/** First of all interceptors. */
export const markReached: Interceptor = (next) => (request) => {
	request.contextValues.set(reachedKey, true);
	return next(request);
};
