/** Header fields: names in lower case, each followed by its value, as Node takes and gives them. */
export type HeaderFields = readonly string[];

/**
 * Converts headers to fields, without those of a connection; undefined: none.
 *
 * @throws TypeError where they cannot be written: before anything of the answer is.
 */
export function fieldsOf(headers: Headers | undefined): HeaderFields {
	return fieldsWithout(headers, ofConnection);
}

/**
 * Converts headers to fields, also without those that describe the body: what an implementation
 * adds is metadata, and these belong to the protocol.
 *
 * @throws TypeError as {@link fieldsOf}.
 */
export function metadataFieldsOf(headers: Headers | undefined): HeaderFields {
	return fieldsWithout(headers, ofMessage);
}

/**
 * Names of fields of one connection (RFC 9113, 8.2.2). HTTP/2 refuses them, trailers with them would end the
 * process; an error that is passed on may carry those of the connection that it came over.
 */
const ofConnection: ReadonlySet<string> = new Set([
	"connection",
	"http2-settings",
	"keep-alive",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

const ofMessage: ReadonlySet<string> = new Set([
	...ofConnection,
	"content-encoding",
	"content-length",
	"content-type",
]);

function fieldsWithout(headers: Headers | undefined, names: ReadonlySet<string>): HeaderFields {
	if (headers === undefined) return [];
	const fields: string[] = [];
	let bytes = 0;
	headers.forEach((value, name) => {
		if (names.has(name)) return;
		if (!namePattern.test(name) || !valuePattern.test(value)) throw unwritable;
		bytes += name.length + value.length;
		fields.push(name, value);
	});
	if (bytes > maxFieldBytes) throw tooLarge;
	return fields;
}

/** Tokens (RFC 9110, 5.6.2) in lower case, as HTTP/2 has them. */
const namePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Values that HTTP can carry (RFC 9110, 5.5); `Headers` holds more. */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Node ends an HTTP/2 connection, with all its calls, over a head of more than 64 KiB. */
const maxFieldBytes = 48 * 1024;

const unwritable = new TypeError("a call's metadata holds what no header field can carry");
const tooLarge = new TypeError(`a call's metadata has more than ${maxFieldBytes} bytes`);

/** Returns the first value of a field; undefined where there is none. */
export function fieldOf(fields: HeaderFields, name: string): string | undefined {
	for (let i = 0; i < fields.length; i += 2) {
		if (fields[i] === name) return fields[i + 1];
	}
	return undefined;
}

/** Joins all values of a field that is a list (RFC 9110, 5.3); undefined where there is none. */
export function listOf(fields: HeaderFields, name: string): string | undefined {
	let list: string | undefined;
	for (let i = 0; i < fields.length; i += 2) {
		if (fields[i] === name) list = list === undefined ? fields[i + 1] : `${list},${fields[i + 1]}`;
	}
	return list;
}

/** Returns all values of a field. */
export function valuesOf(fields: HeaderFields, name: string): readonly string[] {
	const values: string[] = [];
	for (let i = 0; i < fields.length; i += 2) {
		if (fields[i] === name) values.push(fields[i + 1] as string);
	}
	return values;
}
