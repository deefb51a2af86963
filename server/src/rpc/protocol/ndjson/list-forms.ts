import type { DirectProcedure, UnaryProcedure } from "../../call/invoke-implementation.ts";
import { type Codec, createFraming, type Framing } from "../../codec/codec.ts";
import { jsonTypesOf } from "../../codec/json-types.ts";
import { badRequest, type Refusal } from "../../refusals.ts";
import type { ErrorBody, ListForms, OpenForm } from "../rest/stream-form.ts";
import { createListProcedure, summaryTrailer } from "./list-procedure.ts";
import { listShapeOf } from "./list-shape.ts";
import { lastLine, lineFraming, ndjsonType } from "./ndjson.ts";

/** Lists of any length: as NDJSON, or by `?format=array` as one JSON array. */
export const listForms: ListForms = {
	name: "ndjson",
	mediaTypes: [ndjsonType, "application/ndjson", "application/jsonl"],
	parameters: ["format"],
	adapt(method) {
		const shape = listShapeOf(method);
		if (shape === undefined) return undefined;
		const registry = jsonTypesOf(method.output.file);
		const made = new WeakMap<DirectProcedure, DirectProcedure>();
		return (direct) => {
			let list = made.get(direct);
			if (list === undefined) {
				list = createListProcedure(direct as UnaryProcedure, shape, registry);
				made.set(direct, list);
			}
			return list;
		};
	},
	open({ parameters: [format] }) {
		if (format === undefined) return listLines;
		return format.value === "array" ? new ListArray() : wrongFormat;
	},
};

const wrongFormat: Refusal = {
	...badRequest("protocol", "the request is invalid: format: is to be array, or left out"),
	violations: [{ field: "format", description: "is to be array, or left out" }],
};

/**
 * A list as lines: an item a line, and a last line with `complete` and what the response says
 * besides, as in `{"complete":true,"resourceVersion":"7"}`.
 */
const listLines: OpenForm = {
	contentType: ndjsonType,
	framing: lineFraming,
	isAnswer: true,
	end: (status, trailer) => ({
		body: lastLine(status, trailer?.get(summaryTrailer) ?? '{"complete":true}'),
	}),
};

/**
 * A list as one JSON array. A class, for each request: its first item has no comma before it. An
 * array that could not be completed stays open, and so is no JSON.
 */
class ListArray implements OpenForm {
	readonly contentType = "application/json";
	readonly isAnswer = true;
	#hasBegun = false;

	get framing(): Readonly<Record<Codec, Framing>> {
		const framing = this.#hasBegun ? furtherItems : firstItems;
		this.#hasBegun = true;
		return framing;
	}

	start(): Uint8Array {
		return Buffer.from("[");
	}

	end(status: ErrorBody | undefined): { readonly body?: Uint8Array } {
		return status === undefined ? { body: Buffer.from("]\n") } : {};
	}
}

const comma = 0x2c;

const firstItems = createFraming("first-items", (encoded) => joinItems(encoded, false));
const furtherItems = createFraming("further-items", (encoded) => joinItems(encoded, true));

function joinItems(items: readonly Uint8Array[], isContinued: boolean): Buffer {
	let length = items.length - (isContinued ? 0 : 1);
	for (const { byteLength } of items) length += byteLength;
	const bytes = Buffer.allocUnsafe(length);
	let at = 0;
	for (const [index, item] of items.entries()) {
		if (index > 0 || isContinued) bytes[at++] = comma;
		bytes.set(item, at);
		at += item.byteLength;
	}
	return bytes;
}
