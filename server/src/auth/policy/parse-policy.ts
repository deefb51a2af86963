import { type Verb, verbs } from "../authorizer.ts";
import { type Binding, builtInRoles, everyone, type Policy } from "./policy.ts";
import { readYamlTree, YamlFault, type YamlMap, type YamlNode } from "./yaml-tree.ts";

/** One fault of a policy file. */
export interface PolicyFault {
	/** From 1. */
	readonly line: number;
	readonly problem: string;
}

export type ParsedPolicy =
	| { readonly kind: "policy"; readonly policy: Policy }
	/** All of them, in the order of their lines. */
	| { readonly kind: "faults"; readonly faults: readonly PolicyFault[] };

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Longest name of a role, a principal or a group. */
const maxNameLength = 1_024;

/**
 * Reads a policy file. What is not known in it is a fault, not passed over: a misspelt word must not take
 * a right away, or leave one.
 */
export function parsePolicy(source: string): ParsedPolicy {
	const faults: PolicyFault[] = [];
	const fault = ({ line }: Pick<YamlNode, "line">, problem: string): void => {
		faults.push({ line, problem });
	};
	let policy: Policy = { bindings: [] };
	try {
		policy = policyIn(readYamlTree(source), fault);
	} catch (error) {
		if (!(error instanceof YamlFault)) throw error;
		fault(error, error.message);
	}
	faults.sort((one, other) => one.line - other.line);
	return faults.length > 0 ? { kind: "faults", faults } : { kind: "policy", policy };
}

type Report = (at: Pick<YamlNode, "line">, problem: string) => void;

function policyIn(root: YamlNode, fault: Report): Policy {
	const fields = fieldsOf(root, { what: "a policy", known: ["roles", "bindings"] }, fault);
	const roles = new Map(builtInRoles);
	const written = fields?.get("roles");
	if (written !== undefined) {
		for (const { key, value } of entriesOf(written, "roles", fault)) {
			const name = textOf(key, "the name of a role", fault);
			if (name === undefined) continue;
			if (roles.has(name)) {
				fault(key, `the role ${name} is there already`);
				continue;
			}
			roles.set(name, new Set(verbsOf(value, fault)));
		}
	}
	const list = fields?.get("bindings");
	if (fields !== undefined && list === undefined) {
		fault(root, "a policy needs bindings: without one nobody may do anything");
	}
	const bindings = list && itemsOf(list, "bindings", fault);
	return {
		bindings: (bindings ?? []).flatMap((item) => bindingOf(item, roles, fault) ?? []),
	};
}

function bindingOf(
	item: YamlNode,
	roles: ReadonlyMap<string, ReadonlySet<Verb>>,
	fault: Report,
): Binding | undefined {
	const known = ["role", "names", "groups", "namespaces"];
	const fields = fieldsOf(item, { what: "a binding", known }, fault);
	if (fields === undefined) return undefined;
	const role = fields.get("role");
	const name = role && textOf(role, "the role", fault);
	const verbs = name === undefined ? undefined : roles.get(name);
	if (role === undefined) fault(item, "a binding needs a role");
	else if (name !== undefined && verbs === undefined) {
		fault(role, `no role is called ${name}; there are ${[...roles.keys()].join(", ")}`);
	}
	const set = (key: string) => {
		const node = fields.get(key);
		return new Set(node === undefined ? [] : textsOf(node, key, fault));
	};
	if (!fields.has("names") && !fields.has("groups")) {
		fault(item, "a binding needs names or groups");
	}
	if (!fields.has("namespaces")) {
		fault(item, `a binding needs namespaces; "${everyone}" means all of them`);
	}
	for (const node of nodesIn(fields.get("namespaces"))) {
		if (node.kind !== "text" || node.text === everyone || node.text === "") continue;
		if (!namespacePattern.test(node.text)) {
			fault(node, `${quoted(node.text)} is no name of a namespace`);
		}
	}
	for (const node of nodesIn(fields.get("groups"))) {
		if (node.kind === "text" && node.text === everyone) {
			fault(node, `a group cannot be "${everyone}"; names can, for each one that has signed in`);
		}
	}
	return {
		verbs: verbs ?? new Set(),
		names: set("names"),
		groups: set("groups"),
		namespaces: set("namespaces"),
	};
}

function nodesIn(node: YamlNode | undefined): readonly YamlNode[] {
	return node?.kind === "list" ? node.items : [];
}

function verbsOf(node: YamlNode, fault: Report): Verb[] {
	return itemsOf(node, "a role", fault).flatMap((item) => {
		const text = textOf(item, "a verb", fault);
		if (text === undefined) return [];
		const verb = verbs.find((known) => known === text);
		if (verb === undefined) {
			fault(item, `${quoted(text)} is no verb; there are ${verbs.join(", ")}`);
			return [];
		}
		return [verb];
	});
}

function textsOf(node: YamlNode, what: string, fault: Report): string[] {
	return itemsOf(node, what, fault).flatMap(
		(item) => textOf(item, `an entry of ${what}`, fault) ?? [],
	);
}

/** Returns the fields of a mapping whose keys are known, each one once. */
function fieldsOf(
	node: YamlNode,
	{ what, known }: { readonly what: string; readonly known: readonly string[] },
	fault: Report,
): ReadonlyMap<string, YamlNode> | undefined {
	if (node.kind !== "map") {
		fault(node, `${what} is to be a mapping with ${known.join(", ")}`);
		return undefined;
	}
	const fields = new Map<string, YamlNode>();
	for (const { key, value } of node.entries) {
		const name = textOf(key, "a key", fault);
		if (name === undefined) continue;
		if (!known.includes(name)) {
			fault(key, `${quoted(name)} is not known in ${what}; there are ${known.join(", ")}`);
		} else if (fields.has(name)) fault(key, `${name} is there twice`);
		else fields.set(name, value);
	}
	return fields;
}

function entriesOf(node: YamlNode, what: string, fault: Report): YamlMap["entries"] {
	if (node.kind === "map") return node.entries;
	fault(node, `${what} is to be a mapping from a name to a list of verbs`);
	return [];
}

/** Returns the items of a list that has some. */
function itemsOf(node: YamlNode, what: string, fault: Report): readonly YamlNode[] {
	if (node.kind !== "list") fault(node, `${what} is to be a list`);
	else if (node.items.length === 0) fault(node, `${what} is an empty list`);
	else return node.items;
	return [];
}

function textOf(node: YamlNode, what: string, fault: Report): string | undefined {
	if (node.kind !== "text") fault(node, `${what} is to be a text`);
	else if (node.text === "") fault(node, `${what} is empty`);
	else if (node.text.length > maxNameLength) fault(node, `${what} is too long`);
	else return node.text;
	return undefined;
}

function quoted(text: string): string {
	return JSON.stringify(text.slice(0, 64));
}
