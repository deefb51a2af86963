/** The labels of one object. */
export type Labels = { readonly [key: string]: string };

/**
 * One condition on the labels of an object.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export type Requirement =
	| { readonly operator: "exists" | "absent"; readonly key: string }
	| {
			readonly operator: "in" | "notin";
			readonly key: string;
			readonly values: ReadonlySet<string>;
	  }
	| { readonly operator: "gt" | "lt"; readonly key: string; readonly bound: bigint };

/**
 * Reads a number as Kubernetes does: strconv.ParseInt in base 10, of 64 bits. Leading zeros and a
 * sign are let pass.
 * @returns undefined where it is none
 */
export function parseInteger(text: string): bigint | undefined {
	if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
	// BigInt knows no plus sign.
	const number = BigInt(text.replace(/^[+]/, ""));
	return BigInt.asIntN(64, number) === number ? number : undefined;
}

/** True where the labels meet the condition. */
export function meets(requirement: Requirement, labels: Labels): boolean {
	const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
	switch (requirement.operator) {
		case "exists":
			return value !== undefined;
		case "absent":
			return value === undefined;
		case "in":
			return value !== undefined && requirement.values.has(value);
		// As in Kubernetes, an object without the key is not in the set.
		case "notin":
			return value === undefined || !requirement.values.has(value);
		case "gt":
		case "lt": {
			const number = value === undefined ? undefined : parseInteger(value);
			if (number === undefined) return false;
			return requirement.operator === "gt"
				? number > requirement.bound
				: number < requirement.bound;
		}
	}
}
