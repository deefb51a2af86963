import { Code, ConnectError } from "@connectrpc/connect";

/** Puts what is asked for where a client is. */
export type Place = <Given extends { readonly namespace?: string | undefined }>(
	given: Given,
) => Given;

/** @throws ConnectError INVALID_ARGUMENT where it has no name, and where something outside of it is asked for */
export function createPlace(namespace: string): Place {
	const refuse = (asked: string) => {
		const text = `"${asked}" is not in the client's namespace "${namespace}"`;
		throw new ConnectError(text, Code.InvalidArgument);
	};
	if (!namespace) refuse(namespace);
	return (given) => {
		if ((given.namespace || namespace) !== namespace) refuse(String(given.namespace));
		return { ...given, namespace };
	};
}
