import type { DescService } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Authentication } from "../../auth/authenticator.ts";
import { readCarriers } from "../../auth/carriers.ts";
import type { Principal } from "../../caller.ts";
import { callContextKey, principalKey } from "../../rpc/call/call-context.ts";

/** Options of {@link createAuthenticateInterceptor}. */
export interface AuthenticateOptions {
	readonly authentication: Authentication;
	/** Services that answer everybody, as health does. */
	readonly exempt: readonly DescService[];
}

/**
 * Creates the interceptor that finds who calls, once for each call of every protocol, and leaves the
 * principal in the call's context values. A subscription of a WebSocket is a call that shows what the
 * handshake showed. Belongs between the call interceptor and validation.
 */
export function createAuthenticateInterceptor(options: AuthenticateOptions): Interceptor {
	const { authentication, exempt } = options;
	const exemptNames: ReadonlySet<string> = new Set(exempt.map(({ typeName }) => typeName));
	return (next) => (request) => {
		const { service, contextValues, header, url, requestMethod: method } = request;
		if (exemptNames.has(service.typeName)) return next(request);
		const context = contextValues.get(callContextKey);
		if (context === undefined) throw new Error("a call came past the port");
		const isWebSocket = context.protocol === "websocket";
		const admit = (principal: Principal) => {
			contextValues.set(principalKey, principal);
			return next(request);
		};
		const carriers = readCarriers({ header, url, isWebSocket, method, ticket: context.ticket });
		const found = authentication.authenticate(carriers, context.peer, context.address);
		return found instanceof Promise ? found.then(admit) : admit(found);
	};
}
