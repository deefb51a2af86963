/** Header fields: names in lower case and values by turns, the form that Node takes and gives. */
export type Fields = readonly string[];

/** Headers as fields; undefined: none. */
export function fieldsOf(headers: Headers | undefined): Fields {
	if (headers === undefined) return [];
	const fields: string[] = [];
	headers.forEach((value, name) => {
		fields.push(name, value);
	});
	return fields;
}

/** First value of a field; undefined where there is none. */
export function fieldOf(fields: Fields, name: string): string | undefined {
	for (let i = 0; i < fields.length; i += 2) {
		if (fields[i] === name) return fields[i + 1];
	}
	return undefined;
}
