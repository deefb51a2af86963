import { create } from "@bufbuild/protobuf";
import { type FieldMask, FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { JsonFault, refuse } from "./json-fault.ts";
import type { JsonText } from "./json-text.ts";

/** Longest text of a mask, in characters: room for four hundred of the longest map keys. */
const maxLength = 128 * 1_024;

/** A name, and behind a dot more names, or the key of a map, which may hold anything (AIP-161). */
const pathForm = /^(?:\*|[A-Za-z][A-Za-z0-9]*(?:\..+)?)$/s;

/**
 * Paths that are separated by commas, each in lowerCamelCase. Which of them lead anywhere is not
 * judged here.
 */
export function readFieldMask(text: JsonText): FieldMask | undefined {
	const what = "names of fields in lowerCamelCase, separated by commas";
	const said = (text.takeString() ?? text.refuseNext(what)).trim();
	if (said === "") return create(FieldMaskSchema);
	if (said.length > maxLength) throw new JsonFault("entries", "is too long");
	// Before any path is made.
	for (let comma = 0; comma >= 0; comma = said.indexOf(",", comma + 1)) text.countEntry();
	if (said.includes("_")) refuse(what);
	if (text.isTrial) return undefined;
	const paths: string[] = [];
	for (const path of said.split(",")) {
		if (!pathForm.test(path)) refuse(what);
		paths.push(path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
	}
	return create(FieldMaskSchema, { paths });
}
