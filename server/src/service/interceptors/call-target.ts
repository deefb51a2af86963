import type { Message } from "@bufbuild/protobuf";
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { ObjectRef } from "../../resource/object.ts";
import { truncate } from "../errors/truncate.ts";

/**
 * Finds the VM that a call names in its context values, for error metadata and the log; set once the
 * request is read.
 */
export const callTarget: ContextKey<ObjectRef | undefined> = createContextKey<
	ObjectRef | undefined
>(undefined, { description: "VM that the call names" });

/** Longest name that can be valid; a longer one is truncated: it only serves messages. */
const maxNameLength = 253;

/**
 * Returns the VM that a request names, before anything of it is checked; undefined: it names none.
 * @param defaultNamespace stands in for an empty namespace
 */
export function targetOf(message: Message, defaultNamespace: string): ObjectRef | undefined {
	const named = namedIn(message);
	if (named === undefined || named.name === "") return undefined;
	return {
		namespace: truncate(named.namespace || defaultNamespace, maxNameLength),
		name: truncate(named.name, maxNameLength),
	};
}

/** Reads what names it: Create and Update carry the VM itself, the other requests a namespace and a name. */
function namedIn(message: Message): ObjectRef | undefined {
	const request = message as Message & Partial<ObjectRef> & { readonly wukong?: Wukong };
	if (request.wukong !== undefined) return request.wukong;
	const { namespace, name } = request;
	return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
