/** A parsed path template of google.api.http. */
export interface PathTemplate {
	/** Neither variables nor wildcards. */
	readonly isExact: boolean;
	/** Literals, `*` for one segment, `**` for the rest. */
	readonly segments: readonly string[];
	/** Verb behind the colon; undefined: none. */
	readonly verb: string | undefined;
	readonly variables: readonly TemplateVariable[];
}

/** A variable and its segments. */
export interface TemplateVariable {
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
export function parseTemplate(text: string): PathTemplate {
	const fail = (what: string): never => {
		throw new RangeError(`path template "${text}": ${what}`);
	};
	if (!text.startsWith("/")) return fail('does not start with "/"');
	const match = /^(.*?)(?::([^/:{}]*))?$/.exec(text.slice(1));
	const [, path = "", verb] = match ?? fail("is malformed");
	if (verb !== undefined && !literalPattern.test(verb)) fail("has a malformed verb");
	const segments: string[] = [];
	const variables: TemplateVariable[] = [];
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
