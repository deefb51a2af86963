import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Loads what many pages never use, when it is used. Bundlers make a file of its own of it; in one single
 * file, as `/client.js` is, it is there already. It is one file because bundlers would cut what several
 * of them have in common out of the page's own.
 *
 * @throws ConnectError UNAVAILABLE where the file cannot be had: the network is away, or a newer
 *   build has replaced it
 */
export function loadParts(): Promise<typeof import("./parts.ts")> {
	return import("./parts.ts").catch((cause) => {
		const text = "a part of the client could not be loaded";
		throw new ConnectError(text, Code.Unavailable, undefined, undefined, cause);
	});
}
