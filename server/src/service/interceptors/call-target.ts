import type { Message } from "@bufbuild/protobuf";
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { ObjectRef } from "../../resource/object.ts";
import { truncate } from "../errors/truncate.ts";

/** The VM that a call names, for its error metadata and its log line; known once it is read. */
export const callTarget: ContextKey<ObjectRef | undefined> = createContextKey<
	ObjectRef | undefined
>(undefined, { description: "VM that the call names" });

/** Longest name that can be valid; a longer one is cut, it only serves messages. */
const maxNameLength = 253;

/**
 * The VM that a request names, before anything of it was checked: undefined where it names none.
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

/** Create and Update carry the VM itself, the other requests a namespace and a name. */
function namedIn(message: Message): ObjectRef | undefined {
	const request = message as Message & Partial<ObjectRef> & { readonly wukong?: Wukong };
	if (request.wukong !== undefined) return request.wukong;
	const { namespace, name } = request;
	return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
