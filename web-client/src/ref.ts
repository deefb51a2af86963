/**
 * Names a VM: its name in the default namespace, `namespace/name`, or anything that has both, as a
 * VM itself has.
 */
export type Ref = string | { readonly namespace?: string; readonly name: string };

/** Takes a reference apart; an empty namespace is the service's default one. */
export function refOf(ref: Ref): { namespace: string; name: string } {
	if (typeof ref !== "string") return { namespace: ref.namespace ?? "", name: ref.name };
	const slash = ref.indexOf("/");
	return { namespace: ref.slice(0, Math.max(slash, 0)), name: ref.slice(slash + 1) };
}
