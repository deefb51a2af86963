/** An attribute of a distinguished name. */
export interface SubjectAttribute {
	/** As in `CN`. */
	readonly type: string;
	readonly value: string;
}

/**
 * Parses a distinguished name as Node has it: one relative name a line, special characters escaped
 * as in RFC 4514, 2.4.
 * @returns undefined where a line cannot be told apart without doubt
 */
export function parseSubject(subject: string): SubjectAttribute[] | undefined {
	const attributes: SubjectAttribute[] = [];
	for (const line of subject.split("\n")) {
		// One relative name of several attributes is joined by a plus, which values have escaped only.
		const found = /^([A-Za-z][A-Za-z0-9.-]*|[0-9.]+)=((?:[^\\+]|\\.)*)$/s.exec(line);
		const [, type, value] = found ?? [];
		if (type === undefined || value === undefined) return undefined;
		attributes.push({ type, value: withoutEscapes(value) });
	}
	return attributes;
}

function withoutEscapes(value: string): string {
	return value.replaceAll(/\\([0-9A-F]{2}|.)/g, (_, escaped: string) =>
		escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
	);
}
