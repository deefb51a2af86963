import { isReserved, type PeerCertificate, type Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import type { Authenticator } from "../authenticator.ts";
import { expired, notValid, wronglyShown } from "../failures.ts";
import { maxNameLength } from "../names.ts";
import { parseSubject } from "./subject.ts";

/**
 * Creates the source of identities that client certificates are: the common name is the name, each
 * organization a group, as Kubernetes has it. TLS has verified the certificate when its connection
 * began; a call that shows a token, too, shows two credentials.
 */
export function createCertificates(options: {
	/** Begins names and groups; may be "". */
	readonly prefix: string;
	readonly clock: Pick<Clock, "nowMs">;
}): Authenticator {
	const { prefix, clock } = options;
	/** A connection has one certificate for all its calls. */
	const known = new WeakMap<PeerCertificate, Principal>();

	return {
		authenticate({ token, ticket }, { certificate }) {
			if (certificate === undefined) return undefined;
			if (token !== undefined || ticket !== undefined) {
				const message = "this call shows a certificate and another credential; send one";
				throw wronglyShown(message);
			}
			const principal = known.get(certificate) ?? principalOf(certificate, prefix);
			known.set(certificate, principal);
			// A connection may outlive its certificate.
			if ((principal.expireTimeMs as number) <= clock.nowMs()) throw expired();
			return principal;
		},
	};
}

function principalOf(
	{ subject, fingerprint256, expireTimeMs }: PeerCertificate,
	prefix: string,
): Principal {
	const attributes = parseSubject(subject);
	const names = attributes?.flatMap(({ type, value }) => (type === "CN" ? [value] : []));
	const groups = attributes?.flatMap(({ type, value }) => (type === "O" ? [value] : []));
	const name = names?.[0];
	if (name === undefined || names?.length !== 1 || groups === undefined) {
		throw notValid("the certificate's subject has no single common name");
	}
	const given = [name, ...groups];
	if (given.some((text) => text === "" || text.length > maxNameLength || /\p{Cc}/u.test(text))) {
		throw notValid("the certificate has no usable name or group");
	}
	if (given.some((text) => isReserved(text) || isReserved(prefix + text))) {
		throw notValid("the certificate has a name or group that only Kubernetes itself may give");
	}
	return Object.freeze({
		name: prefix + name,
		groups: Object.freeze(groups.map((group) => prefix + group)),
		method: "certificate",
		expireTimeMs,
		credentialId: `certificate:${fingerprint256.replaceAll(":", "").slice(0, 16).toLowerCase()}`,
	});
}
