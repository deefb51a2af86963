import { readFileSync } from "node:fs";

/** The program that calls the API server, as audit logs and `managedFields` name it. */
export interface Product {
	/**
	 * `fieldManager` of every write.
	 * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers
	 */
	readonly name: string;
	/** User-Agent (RFC 9110, section 10.1.5) of every call, as in `wukong-api/0.1.0`. */
	readonly userAgent: string;
}

/** @param name a token of RFC 9110 */
export function createProduct(name: string): Product {
	return { name, userAgent: `${name}/${packageVersion()}` };
}

/** The version of this package; the sources and the built files lie at the same depth. */
function packageVersion(): string {
	const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
	return JSON.parse(text).version;
}
