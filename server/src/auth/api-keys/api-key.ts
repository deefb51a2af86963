import { hash, randomBytes } from "node:crypto";

/** Begins every API key, so that scanners for leaked secrets find it. */
export const apiKeyPrefix = "wk_";

/** So many that guessing is hopeless, and one round of SHA-256 protects it enough. */
const keyBytes = 32;

/** Creates an API key: `wk_` and 43 characters of base64url. */
export function createApiKey(random: (size: number) => Buffer = randomBytes): string {
	return apiKeyPrefix + random(keyBytes).toString("base64url");
}

/** Returns the SHA-256 of a key in hexadecimal, which alone is stored. */
export function hashApiKey(key: string): string {
	return hash("sha256", key, "hex");
}
