import type { Transport } from "@connectrpc/connect";
import type { Authorization, AuthorizationOptions } from "./authorization.ts";
import { loadParts } from "./on-demand.ts";

/** Puts tokens on calls by code that only clients with a token load, at once when they are made. */
export function authorizeLazily(
	transport: Transport,
	options: AuthorizationOptions,
): Authorization {
	let authorization: Authorization | undefined;
	const load = async () => {
		const { authorize } = await loadParts();
		authorization ??= authorize(transport, options);
		return authorization;
	};
	load().catch(() => {});
	return {
		unary: async (...call) => (await load()).unary(...call),
		stream: async (...call) => (await load()).stream(...call),
		handOver: (open) =>
			async function* handedOver(token, signal) {
				yield* (await load()).handOver(open)(token, signal);
			},
		renewal: {
			renew: async () => (await load()).renewal.renew(),
			hasChanged: async () => (await load()).renewal.hasChanged(),
		},
	};
}
