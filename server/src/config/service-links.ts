/** The transports that a Service's port can have. */
const protocol = "(?:TCP|UDP|SCTP)";

/** What such a variable is called, without the Service's name, and what it holds. */
const shapes: readonly (readonly [name: RegExp, value: RegExp])[] = [
	[/_SERVICE_HOST$/, /^[0-9a-f.:]+$/i],
	[/_SERVICE_PORT(?:_[A-Z0-9_]+)?$/, /^[0-9]+$/],
	[/_PORT$/, /^(?:tcp|udp|sctp):\/\//],
	[new RegExp(`_PORT_[0-9]+_${protocol}$`), /^(?:tcp|udp|sctp):\/\//],
	[new RegExp(`_PORT_[0-9]+_${protocol}_PROTO$`), /^(?:tcp|udp|sctp)$/],
	[new RegExp(`_PORT_[0-9]+_${protocol}_PORT$`), /^[0-9]+$/],
	[new RegExp(`_PORT_[0-9]+_${protocol}_ADDR$`), /^[0-9a-f.:]+$/i],
];

/**
 * Tells a variable by which Kubernetes tells pods of a Service ("service links", the Docker-links
 * variables of https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
 * A Service whose name begins with `wukong` puts them among the names of our options.
 */
export function isServiceLink(name: string, value: string): boolean {
	return shapes.some(([ofName, ofValue]) => ofName.test(name) && ofValue.test(value));
}
