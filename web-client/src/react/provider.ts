import { createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";
import type { WukongClient } from "../client.ts";

const ClientContext = createContext<WukongClient | undefined>(undefined);

/**
 * Gives a client to the hooks below it. Make the client once, outside of any component.
 *
 * @example
 * const client = createWukongClient();
 * root.render(<WukongProvider client={client}><App /></WukongProvider>);
 */
export function WukongProvider(props: {
	readonly client: WukongClient;
	readonly children?: ReactNode;
}): ReactElement {
	return createElement(ClientContext, { value: props.client }, props.children);
}

/**
 * The client of the provider above.
 *
 * @param given the client to use whatever is above. Default: none
 * @throws Error where there is neither
 */
export function useWukongClient(given?: WukongClient): WukongClient {
	const client = useContext(ClientContext);
	if (given !== undefined) return given;
	if (client === undefined)
		throw new Error("put a <WukongProvider client={client}> above this component");
	return client;
}
