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
			if (value === undefined || !/^-?[0-9]{1,19}$/.test(value)) return false;
			const number = BigInt(value);
			return requirement.operator === "gt"
				? number > requirement.bound
				: number < requirement.bound;
		}
	}
}
