import { ErrorReason } from "@novasphere/wukong-gen/error";
import { isReserved, type Principal } from "../../caller.ts";
import { Failure } from "../../failure.ts";
import type { HeaderFields } from "./api.ts";

/**
 * Creates the header fields by which a write is its caller's: the API server judges, admits and records
 * it as that user's, provided that this service may impersonate. Groups are sent as they are; the API
 * server adds `system:authenticated` by itself. Fails closed: a call that nobody has signed in for is not
 * sent in the service's own name.
 *
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 * @throws PERMISSION_DENIED where the identity cannot be sent as it is
 */
export function impersonationOf(principal: Principal | undefined): HeaderFields {
	if (principal === undefined) throw notSendable("nobody has signed in for this call");
	const { name, groups, method, uid = "", extra = {} } = principal;
	checkText("name", name);
	for (const group of groups) checkText("group", group);
	// Only a TokenReview says who bears these; they rule clusters.
	if (method !== tokenReviewMethod && [name, ...groups].some(isReserved)) {
		throw notSendable("your name or a group begins with system:, which only the cluster may say");
	}
	const headers: Record<string, string | readonly string[]> = { "impersonate-user": name };
	if (groups.length > 0) headers["impersonate-group"] = groups;
	if (uid !== "") {
		checkText("uid", uid);
		headers["impersonate-uid"] = uid;
	}
	for (const [key, values] of Object.entries(extra)) {
		if (values.length === 0) continue;
		if (key === "") throw notSendable("an attribute of yours has no name");
		for (const value of values) checkText("attribute", value);
		headers[`impersonate-extra-${escapeKey(key)}`] = values;
	}
	return headers;
}

/** `Principal.method` of whom a TokenReview has named. */
const tokenReviewMethod = "kubernetes";

/**
 * Refuses what another text would arrive for: recipients cut white space off both ends of a field
 * (RFC 9110, section 5.5), where ` system:masters` would become somebody else, and read other than ASCII
 * in ways of their own.
 */
function checkText(what: string, text: string): void {
	if (/^[!-~](?:[ -~]*[!-~])?$/.test(text)) return;
	throw notSendable(
		`your ${what} is empty, begins or ends with a space, or has other than printable ASCII characters`,
	);
}

/**
 * Escapes the key of an attribute, byte by byte. The API server makes field names lower case before it
 * decodes them, so that capitals are escaped, too.
 */
function escapeKey(key: string): string {
	let escaped = "";
	for (const byte of Buffer.from(key, "utf8")) {
		const character = String.fromCharCode(byte);
		// A token of RFC 9110 (section 5.6.2) without capitals and the percent sign.
		escaped += /[a-z0-9!#$&'*+.^_`|~-]/.test(character)
			? character
			: `%${byte.toString(16).padStart(2, "0")}`;
	}
	return escaped;
}

function notSendable(problem: string): Failure {
	return new Failure(
		ErrorReason.PERMISSION_DENIED,
		`the cluster cannot be told of this in your name: ${problem}; nothing was written`,
	);
}
