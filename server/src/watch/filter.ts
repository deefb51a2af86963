import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Selector } from "./selector/selector.ts";

/** Which VMs a list or a watch shows. */
export interface Filter {
	/** Empty: all namespaces. */
	readonly namespace: string;
	/** Empty: all names. */
	readonly name: string;
	readonly selector: Selector;
}

/** True where the filter shows this state of a VM. */
export function shows(filter: Filter, wukong: Wukong): boolean {
	return (
		(filter.namespace === "" || filter.namespace === wukong.namespace) &&
		(filter.name === "" || filter.name === wukong.name) &&
		filter.selector.matches(wukong.labels)
	);
}

/** True where both show the same, and say it in the same words. */
export function isSameFilter(one: Filter, other: Filter): boolean {
	return (
		one.namespace === other.namespace &&
		one.name === other.name &&
		one.selector.text === other.selector.text
	);
}

/** Equal for equal filters. */
export function filterText(filter: Filter): string {
	return JSON.stringify([filter.namespace, filter.name, filter.selector.text]);
}
