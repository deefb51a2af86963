import { create } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import { freeze } from "../freeze.ts";
import { withoutCredentials } from "./credentials.ts";
import { visibleAnnotations } from "./hidden-annotations.ts";
import { effectiveSpec, powerStateOf } from "./power-state.ts";
import { hashedVersion, preconditionHash } from "./precondition-hash.ts";

/**
 * Returns what callers see of a stored Wukong: without credentials and
 * hidden annotations, start strategy effective and set, status set with the
 * derived power state, and the hash of its content behind its version. The result is frozen through and through, and so are the
 * parts of `raw` that it shares.
 */
export function toPublicView(raw: Wukong): Wukong {
	const open = withoutCredentials(WukongSchema, raw);
	const view = {
		...open,
		annotations: visibleAnnotations(open.annotations),
		spec: effectiveSpec(open.spec),
		status: { ...(open.status ?? create(WukongStatusSchema)), powerState: powerStateOf(open) },
	};
	if (raw.resourceVersion !== "") {
		view.resourceVersion = hashedVersion(raw.resourceVersion, preconditionHash(view));
	}
	return freeze(view);
}
