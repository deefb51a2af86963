import { type Option, text } from "./option.ts";
import { oneOf } from "./parsers.ts";

/** Who may see something: everybody, or those who have signed in. */
export type Access = "public" | "authenticated";

/** Options of what answers everybody, or those who have signed in only. Without a source of identities all of it is public. */
export const accessOptions = {
	metricsAccess: access("metrics-access", "public", "Who may read /metrics"),
	docsAccess: access(
		"docs-access",
		"public",
		"Who may read the description of the API: /docs, what is below it, and /openapi.json",
	),
	reflectionAccess: access(
		"reflection-access",
		"authenticated",
		"Who may ask gRPC's server reflection",
	),
} as const;

function access(flag: string, defaultValue: Access, what: string): Option<Access> {
	const description = `${what}, where callers sign in: public or authenticated.`;
	const parse = oneOf("public", "authenticated");
	return { ...text(flag, "access", defaultValue, description), defaultValue, parse };
}
