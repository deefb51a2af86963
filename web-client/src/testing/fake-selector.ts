import type { WatchQuery } from "../live/query.ts";

/** Which VMs a query shows. */
export type Shows = (wukong: {
	readonly namespace: string;
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
}) => boolean;

/**
 * Reads a query as the service does, with the label selectors that front ends use: `a=b`, `a==b`,
 * `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas.
 *
 * @returns undefined where the selector is none of these
 */
export function createShows(query: WatchQuery): Shows | undefined {
	const { name = "", labels = {}, labelSelector = "" } = query;
	const namespace = query.namespace || (name === "" ? "" : "default");
	const requirements = labelSelector.trim() === "" ? [] : parse(labelSelector);
	if (requirements === undefined) return undefined;
	const wanted = Object.entries(labels);
	return (wukong) =>
		(namespace === "" || wukong.namespace === namespace) &&
		(name === "" || wukong.name === name) &&
		wanted.every(([key, value]) => wukong.labels[key] === value) &&
		requirements.every((isMet) => isMet(wukong.labels));
}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

function parse(selector: string): Requirement[] | undefined {
	const parts = selector.split(/,(?![^(]*\))/).map((part) => requirementOf(part.trim()));
	return parts.every((part) => part !== undefined) ? parts : undefined;
}

function requirementOf(text: string): Requirement | undefined {
	const set = /^([\w./-]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(text);
	if (set !== null) {
		const [, key = "", operator, list = ""] = set;
		const values = list.split(",").map((value) => value.trim());
		return (labels) => values.includes(labels[key] ?? NONE) === (operator === "in");
	}
	const equal = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(text);
	if (equal !== null) {
		const [, key = "", operator, value] = equal;
		return (labels) => (labels[key] === value) === (operator !== "!=");
	}
	const exists = /^(!?)\s*([\w./-]+)$/.exec(text);
	if (exists === null) return undefined;
	const [, not, key = ""] = exists;
	return (labels) => key in labels === (not === "");
}

/** No label has this value. */
const NONE = "\0";
