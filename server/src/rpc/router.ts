import { type PathTemplate, parseTemplate, type TemplateVariable } from "./path-template.ts";

/** What a router found. */
export type Match<T> =
	| { readonly target: T; readonly variables: Variables }
	/** The path is known, but not with this method: 405 names the others (RFC 9110, 15.5.6). */
	| { readonly allowedMethods: readonly string[]; readonly sibling: T };

/** Values of a template's variables, decoded, by name. */
export type Variables = Readonly<Record<string, string>>;

/** Finds targets by HTTP method and path. */
export interface Router<T> {
	/**
	 * Adds a target.
	 * @param httpMethod `*` for every method that the path has no other target for
	 * @param template path template of google.api.http, as in `/v1/{name=shelves/*}:archive`; a path
	 * without variables and wildcards is matched as it is
	 * @throws RangeError on a malformed template, or where one that matches the same paths has a
	 * target for the method
	 */
	add(httpMethod: string, template: string, target: T): void;
	/**
	 * Finds the target of a path without its query; undefined: the path is unknown. From left to
	 * right a literal wins over `*`, and `*` over `**`.
	 */
	match(httpMethod: string, path: string): Match<T> | undefined;
}

/**
 * Creates a router without targets. Its templates are a tree by segments, so that the time of a
 * match does not grow with their number.
 */
export function createRouter<T>(): Router<T> {
	const exact = new Map<string, Leaf<T>>();
	const root = createNode<T>();

	return {
		add(httpMethod, text, target) {
			const template = parseTemplate(text);
			const leaves = template.isExact ? exact : leavesOf(root, template);
			const key = template.isExact ? text : (template.verb ?? "");
			const leaf: Leaf<T> = leaves.get(key) ?? { byMethod: new Map(), allowed: [], first: target };
			leaves.set(key, leaf);
			if (leaf.byMethod.has(httpMethod)) {
				throw new RangeError(`"${httpMethod} ${text}" is added twice`);
			}
			leaf.byMethod.set(httpMethod, { target, variables: template.variables });
			leaf.allowed.push(httpMethod);
		},
		match(httpMethod, path) {
			const leaf = exact.get(path);
			const found = leaf?.byMethod.get(httpMethod) ?? leaf?.byMethod.get(anyMethod);
			if (found !== undefined) return { target: found.target, variables: noVariables };
			if (!path.startsWith("/")) return undefined;
			return searchTree(root, { httpMethod, path }, leaf);
		},
	};
}

const anyMethod = "*";
const noVariables: Variables = {};

/** What one shape of paths stands for. */
interface Leaf<T> {
	readonly byMethod: Map<string, Found<T>>;
	readonly allowed: string[];
	/** Target that was added first. */
	readonly first: T;
}

interface Found<T> {
	readonly target: T;
	readonly variables: readonly TemplateVariable[];
}

/** A place between two segments. */
interface Node<T> {
	readonly literals: Map<string, Node<T>>;
	star: Node<T> | undefined;
	/** Leaves of templates that end here, by verb; "" for none. */
	readonly ends: Map<string, Leaf<T>>;
	/** Leaves of templates that end with `**` here, by verb. */
	readonly rests: Map<string, Leaf<T>>;
}

function createNode<T>(): Node<T> {
	return { literals: new Map(), star: undefined, ends: new Map(), rests: new Map() };
}

/** Finds or makes the place of a template. */
function leavesOf<T>(root: Node<T>, { segments }: PathTemplate): Map<string, Leaf<T>> {
	let node = root;
	for (const segment of segments) {
		if (segment === "**") return node.rests;
		if (segment === "*") {
			node.star ??= createNode();
			node = node.star;
		} else {
			const next = node.literals.get(segment) ?? createNode<T>();
			node.literals.set(segment, next);
			node = next;
		}
	}
	return node.ends;
}

/** One search through the tree. */
interface Search<T> {
	readonly httpMethod: string;
	readonly path: string;
	/** Place of the colon before a verb; the end of the path where there is none. */
	readonly colon: number;
	/** Behind the colon; "" where there is none. */
	readonly verb: string;
	/** Leaves that match the path, and have other methods. */
	readonly others: Leaf<T>[];
}

function searchTree<T>(
	root: Node<T>,
	{ httpMethod, path }: Pick<Search<T>, "httpMethod" | "path">,
	other: Leaf<T> | undefined,
): Match<T> | undefined {
	// Only a colon that is not encoded divides a verb: `%3A` is part of a name.
	const last = path.lastIndexOf(":");
	const colon = last > path.lastIndexOf("/") ? last : path.length;
	const verb = colon === path.length ? "" : path.slice(colon + 1);
	const others = other === undefined ? [] : [other];
	const found = visit(root, 1, { httpMethod, path, colon, verb, others });
	if (found !== undefined) {
		const variables = bindVariables(found.variables, path, colon);
		return variables && { target: found.target, variables };
	}
	const [first] = others;
	if (first === undefined) return undefined;
	const allowedMethods = [...new Set(others.flatMap(({ allowed }) => allowed))];
	return { allowedMethods, sibling: first.first };
}

/**
 * Visits a node, each once at most, because it has one place in a path.
 * @param start of the segment behind the node; behind the end of the path: there is none
 */
function visit<T>(node: Node<T>, start: number, search: Search<T>): Found<T> | undefined {
	const { path, colon, verb } = search;
	if (start > path.length) return take(node.ends, "", search) ?? take(node.rests, "", search);
	const slash = path.indexOf("/", start);
	const end = slash === -1 ? colon : slash;
	const isLast = slash === -1;
	const { literals } = node;
	const literal = literals.size === 0 ? undefined : literals.get(path.slice(start, end));
	const found = literal && visitNext(literal, isLast ? undefined : end + 1, search);
	if (found !== undefined) return found;
	// An empty segment is no value.
	const star = end > start ? node.star : undefined;
	return (
		(star && visitNext(star, isLast ? undefined : end + 1, search)) ??
		take(node.rests, verb, search)
	);
}

/** @param start of the next segment; undefined: the path ends with this one, or its verb */
function visitNext<T>(
	node: Node<T>,
	start: number | undefined,
	search: Search<T>,
): Found<T> | undefined {
	if (start !== undefined) return visit(node, start, search);
	return take(node.ends, search.verb, search) ?? take(node.rests, search.verb, search);
}

function take<T>(
	leaves: Map<string, Leaf<T>>,
	verb: string,
	{ httpMethod, others }: Search<T>,
): Found<T> | undefined {
	if (leaves.size === 0) return undefined;
	const leaf = leaves.get(verb);
	if (leaf === undefined) return undefined;
	const found = leaf.byMethod.get(httpMethod) ?? leaf.byMethod.get(anyMethod);
	if (found === undefined) others.push(leaf);
	return found;
}

/**
 * @param end of the path without its verb
 * @returns undefined where an encoding is malformed, or is not of UTF-8
 */
function bindVariables(
	bound: readonly TemplateVariable[],
	path: string,
	end: number,
): Variables | undefined {
	if (bound.length === 0) return noVariables;
	const variables: Record<string, string> = Object.create(null);
	for (const { name, start, end: last, isMultiple } of bound) {
		try {
			if (!isMultiple) variables[name] = decodeSegment(segmentAt(path, start, end), false);
			else {
				const segments = path.slice(1, end).split("/");
				const values = segments.slice(start, last === -1 ? segments.length : last);
				variables[name] = values.map((value) => decodeSegment(value, true)).join("/");
			}
		} catch {
			return undefined;
		}
	}
	return variables;
}

/** Returns a segment by its place, from 0. @param end of the path without its verb */
function segmentAt(path: string, place: number, end: number): string {
	let start = 1;
	for (let passed = 0; passed < place; passed++) start = path.indexOf("/", start) + 1;
	const slash = path.indexOf("/", start);
	return path.slice(start, slash === -1 ? end : slash);
}

/**
 * Decodes a segment, but for slashes in a value of several (google/api/http.proto, "Path template
 * syntax").
 */
function decodeSegment(segment: string, keepsSlashes: boolean): string {
	if (!segment.includes("%")) return segment;
	if (!keepsSlashes) return decodeURIComponent(segment);
	return segment
		.split(/(%2f)/i)
		.map((part) => (/^%2f$/i.test(part) ? part : decodeURIComponent(part)))
		.join("");
}
