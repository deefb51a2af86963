/** How a message is written: protobuf's binary or JSON form. */
export type Form = "binary" | "json";

/** The form that a content type names; none means JSON, as people with curl expect. */
export function formOf(contentType: string): Form {
	return contentType === "" || /json/i.test(contentType) ? "json" : "binary";
}
