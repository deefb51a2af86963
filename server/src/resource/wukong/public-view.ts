import { create } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import { freeze } from "../freeze.ts";
import { isSameContent } from "../same-content.ts";
import { withoutCredentials } from "./credentials.ts";
import { visibleAnnotations } from "./hidden-annotations.ts";
import { effectiveSpec, powerStateOf } from "./power-state.ts";
import { hashedVersion, hashIn, preconditionHash } from "./precondition-hash.ts";

/**
 * Returns what callers see of a stored Wukong: without credentials and
 * hidden annotations, start strategy effective and set, status set with the
 * derived power state, and the hash of its content behind its version. The result is frozen through and through, and so are the
 * parts of `raw` that it shares.
 * @param previous the view of an earlier state of the name, whose parts are shared where they are equal:
 * most changes are of status, and neither make nor hash anew what callers write. Default: none
 */
export function toPublicView(raw: Wukong, previous?: Wukong): Wukong {
	const open = withoutCredentials(WukongSchema, raw);
	const view = {
		...open,
		annotations: visibleAnnotations(open.annotations),
		spec: effectiveSpec(open.spec),
		status: { ...(open.status ?? create(WukongStatusSchema)), powerState: powerStateOf(open) },
	};
	const isShared = previous !== undefined && shareEqualParts(view, previous);
	if (raw.resourceVersion !== "") {
		const known = isShared ? hashIn(previous.resourceVersion) : "";
		view.resourceVersion = hashedVersion(raw.resourceVersion, known || preconditionHash(view));
	}
	return freeze(view);
}

/**
 * Takes the parts over that are equal. @returns true where all that `preconditionHash` covers is equal
 */
function shareEqualParts(view: Wukong, previous: Wukong): boolean {
	const share = <K extends "labels" | "annotations" | "spec" | "deleteTime">(key: K): boolean => {
		if (!isSameContent(view[key], previous[key])) return false;
		// An absent field is not set, not even to undefined.
		if (key in view) view[key] = previous[key];
		return true;
	};
	const shared = [share("labels"), share("annotations"), share("spec"), share("deleteTime")];
	return view.uid === previous.uid && shared.every(Boolean);
}
