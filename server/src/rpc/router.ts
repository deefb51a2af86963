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
	 * @param template path template of google.api.http, as in `/v1/{name=shelves/*}:archive`; a path
	 * without variables and wildcards is matched as it is
	 * @throws RangeError on a malformed template, or where the same one has a target for the method
	 */
	add(httpMethod: string, template: string, target: T): void;
	/**
	 * Finds the target of a path without its query; undefined: the path is unknown. Exact paths win,
	 * then the template that was added first.
	 */
	match(httpMethod: string, path: string): Match<T> | undefined;
}

/** Creates a router without targets. */
export function createRouter<T>(): Router<T> {
	const exact = new Map<string, Entry<T>>();
	const byTemplate = new Map<string, TemplateEntry<T>>();

	return {
		add(httpMethod, text, target) {
			const template = parseTemplate(text);
			let entry: Entry<T> | undefined;
			if (template.isExact) {
				entry = exact.get(text) ?? createEntry(target);
				exact.set(text, entry);
			} else {
				const found = byTemplate.get(text) ?? { template, ...createEntry(target) };
				byTemplate.set(text, found);
				entry = found;
			}
			if (entry.byMethod.has(httpMethod)) {
				throw new RangeError(`"${httpMethod} ${text}" is added twice`);
			}
			entry.byMethod.set(httpMethod, { target, variables: noVariables });
			entry.wrongMethod.allowedMethods.push(httpMethod);
		},
		match(httpMethod, path) {
			const entry = exact.get(path);
			if (entry !== undefined) return entry.byMethod.get(httpMethod) ?? entry.wrongMethod;
			if (byTemplate.size === 0) return undefined;
			return matchTemplates(byTemplate.values(), httpMethod, path);
		},
	};
}

interface Entry<T> {
	readonly byMethod: Map<string, { readonly target: T; readonly variables: Variables }>;
	readonly wrongMethod: { readonly allowedMethods: string[]; readonly sibling: T };
}

interface TemplateEntry<T> extends Entry<T> {
	readonly template: Template;
}

function createEntry<T>(sibling: T): Entry<T> {
	return { byMethod: new Map(), wrongMethod: { allowedMethods: [], sibling } };
}

const noVariables: Variables = {};

/** Several templates may match a path, each with other methods. */
function matchTemplates<T>(
	entries: Iterable<TemplateEntry<T>>,
	httpMethod: string,
	path: string,
): Match<T> | undefined {
	if (!path.startsWith("/")) return undefined;
	const segments = path.slice(1).split("/");
	const allowedMethods = new Set<string>();
	let sibling: { readonly target: T } | undefined;
	for (const { template, byMethod, wrongMethod } of entries) {
		const variables = matchTemplate(template, segments);
		if (variables === undefined) continue;
		const found = byMethod.get(httpMethod);
		if (found !== undefined) return { target: found.target, variables };
		for (const method of byMethod.keys()) allowedMethods.add(method);
		sibling ??= { target: wrongMethod.sibling };
	}
	return sibling && { allowedMethods: [...allowedMethods], sibling: sibling.target };
}

/** A parsed template. */
interface Template {
	/** Neither variables nor wildcards. */
	readonly isExact: boolean;
	/** Literals, `*` for one segment, `**` for the rest. */
	readonly segments: readonly string[];
	/** Verb behind the colon; undefined: none. */
	readonly verb: string | undefined;
	readonly variables: readonly Variable[];
}

interface Variable {
	/** Field path, as in `shelf.name`. */
	readonly name: string;
	/**
	 * Segments of the variable: from `start` to before `end`; an `end` of -1 stands for the end of
	 * the path.
	 */
	readonly start: number;
	readonly end: number;
	/** Several segments: an encoded slash stays encoded, so that it differs from a separator. */
	readonly isMultiple: boolean;
}

const literalPattern = /^(?:[A-Za-z0-9._~!$&'()+,;=@-]|%[0-9A-Fa-f]{2})+$/;
const fieldPathPattern = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/**
 * Parses a template by the grammar of google/api/http.proto: `"/" Segments [ ":" Verb ]`.
 * @throws RangeError
 */
function parseTemplate(text: string): Template {
	const fail = (what: string): never => {
		throw new RangeError(`path template "${text}": ${what}`);
	};
	if (!text.startsWith("/")) return fail('does not start with "/"');
	const match = /^(.*?)(?::([^/:{}]*))?$/.exec(text.slice(1));
	const [, path = "", verb] = match ?? fail("is malformed");
	if (verb !== undefined && !literalPattern.test(verb)) fail("has a malformed verb");
	const segments: string[] = [];
	const variables: Variable[] = [];
	const addSegments = (pieces: readonly string[]) => {
		for (const piece of pieces) {
			if (segments.includes("**")) fail('has segments behind "**"');
			const isWild = piece === "*" || piece === "**";
			if (!isWild && !literalPattern.test(piece)) fail(`has a malformed segment "${piece}"`);
			segments.push(piece);
		}
	};
	// The slashes within braces are part of a variable.
	const pieces = path.match(/\{[^{}]*\}|[^/{}]+|\/|[{}]/g) ?? [];
	pieces.forEach((piece, index) => {
		if ((piece === "/") !== (index % 2 === 1)) fail("has an empty segment or braces within one");
		if (piece === "/") return;
		if (!piece.startsWith("{")) {
			addSegments([piece]);
			return;
		}
		const [name = "", ...rest] = piece.slice(1, -1).split("=");
		if (!fieldPathPattern.test(name)) fail("has a malformed variable");
		if (variables.some((variable) => variable.name === name)) fail(`binds "${name}" twice`);
		const start = segments.length;
		const inner = rest.length === 0 ? ["*"] : rest.join("=").split("/");
		addSegments(inner);
		const isOpen = segments.at(-1) === "**";
		const isMultiple = isOpen || inner.length > 1;
		variables.push({ name, start, end: isOpen ? -1 : segments.length, isMultiple });
	});
	if (pieces.length % 2 === 0 && text !== "/") fail("ends with a slash");
	const isExact = variables.length === 0 && !segments.some((segment) => segment.startsWith("*"));
	return { isExact, segments, verb, variables };
}

/** Returns the variables; undefined: the path does not match. */
function matchTemplate(template: Template, given: readonly string[]): Variables | undefined {
	const { verb } = template;
	let segments = given;
	if (verb !== undefined) {
		// Only a colon that is not encoded separates a verb: `%3A` is part of a name.
		const last = segments.at(-1) ?? "";
		if (!last.endsWith(`:${verb}`)) return undefined;
		segments = [...segments.slice(0, -1), last.slice(0, -verb.length - 1)];
	}
	const isOpen = template.segments.at(-1) === "**";
	const fixed = isOpen ? template.segments.length - 1 : template.segments.length;
	if (isOpen ? segments.length < fixed : segments.length !== fixed) return undefined;
	for (let at = 0; at < fixed; at++) {
		const [wanted, segment] = [template.segments[at], segments[at]];
		if (wanted === "*" ? segment === "" : segment !== wanted) return undefined;
	}
	if (verb === undefined && hasVerb(segments)) return undefined;
	return bindVariables(template, segments);
}

/** A colon that is not encoded stands for a verb in the last segment. */
function hasVerb(segments: readonly string[]): boolean {
	return segments.at(-1)?.includes(":") ?? false;
}

/** @returns undefined where an encoding is malformed, or is not of UTF-8 */
function bindVariables(template: Template, segments: readonly string[]): Variables | undefined {
	const variables: Record<string, string> = Object.create(null);
	for (const { name, start, end, isMultiple } of template.variables) {
		const values = segments.slice(start, end === -1 ? segments.length : end);
		try {
			variables[name] = values.map((value) => decodeSegment(value, isMultiple)).join("/");
		} catch {
			return undefined;
		}
	}
	return variables;
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
