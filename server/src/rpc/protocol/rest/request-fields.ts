import type { HeaderFields } from "../../../http/fields.ts";

/** The header fields of a request that decide how it is bound and answered. */
export interface RequestFields {
	accept: string | undefined;
	contentType: string | undefined;
	contentLength: string | undefined;
	transferEncoding: string | undefined;
	ifMatch: string | undefined;
	ifNoneMatch: string | undefined;
	/** Name of a field that asks for another method than the request's own. */
	methodOverride: string | undefined;
}

/** Reads the fields in one pass. Those that are lists are joined (RFC 9110, 5.3). */
export function readRequestFields(raw: HeaderFields): RequestFields {
	const fields: RequestFields = {
		accept: undefined,
		contentType: undefined,
		contentLength: undefined,
		transferEncoding: undefined,
		ifMatch: undefined,
		ifNoneMatch: undefined,
		methodOverride: undefined,
	};
	for (let i = 0; i < raw.length; i += 2) {
		const value = raw[i + 1] as string;
		switch (raw[i]) {
			case "accept":
				fields.accept = joined(fields.accept, value);
				break;
			case "content-type":
				fields.contentType = joined(fields.contentType, value);
				break;
			case "content-length":
				fields.contentLength = value;
				break;
			case "transfer-encoding":
				fields.transferEncoding = value;
				break;
			case "if-match":
				fields.ifMatch = joined(fields.ifMatch, value);
				break;
			case "if-none-match":
				fields.ifNoneMatch = joined(fields.ifNoneMatch, value);
				break;
			case "x-http-method":
			case "x-http-method-override":
			case "x-method-override":
				fields.methodOverride = raw[i];
		}
	}
	return fields;
}

function joined(list: string | undefined, value: string): string {
	return list === undefined ? value : `${list}, ${value}`;
}

/** Checks whether a body is announced. HTTP/2 need not announce one. */
export function announcesBody({ contentLength, transferEncoding }: RequestFields): boolean {
	return transferEncoding !== undefined || (contentLength !== undefined && contentLength !== "0");
}
