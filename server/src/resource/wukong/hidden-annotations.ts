import type { FieldViolation } from "../../failure.ts";
import { mapKeyPath } from "../field-path.ts";

/** kubectl's copy of the whole applied object, credentials included. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Annotations under this prefix are the service's own notes. */
const ownPrefix = "wukong.novasphere.dev/";

type Annotations = { readonly [key: string]: string };

/** Checks for an annotation that is neither shown to callers nor touched by them. */
function isHiddenAnnotation(key: string): boolean {
	return key === lastApplied || key.startsWith(ownPrefix);
}

/** Returns the annotations that callers see; the given map itself where none is hidden. */
export function visibleAnnotations<A extends Annotations>(annotations: A): A {
	return pick(annotations, (key) => !isHiddenAnnotation(key));
}

/** Returns the annotations that survive every update; the given map itself where all are hidden. */
export function hiddenAnnotations<A extends Annotations>(annotations: A): A {
	return pick(annotations, isHiddenAnnotation);
}

/**
 * Lists the violations of a request that sets hidden annotations, one for each.
 * @param annotations as the request gives them.
 */
export function hiddenAnnotationViolations(annotations: Annotations): FieldViolation[] {
	return Object.keys(annotations)
		.filter(isHiddenAnnotation)
		.map((key) => ({
			field: mapKeyPath("wukong.annotations", key),
			description: "is reserved and cannot be set",
		}));
}

function pick<A extends Annotations>(annotations: A, wanted: (key: string) => boolean): A {
	const keys = Object.keys(annotations);
	if (keys.every(wanted)) return annotations;
	return Object.fromEntries(Object.entries(annotations).filter(([key]) => wanted(key))) as A;
}
