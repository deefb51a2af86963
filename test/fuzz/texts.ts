import { fromBinary } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { CreateWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { findWireFault } from "../../server/src/rpc/codec/wire-fault.ts";
import { parseUpdateMask } from "../../server/src/service/wukong/update-mask.ts";
import { createSelector } from "../../server/src/watch/selector/selector.ts";
import { bytesField, numberField } from "../hostile/wire-bytes.ts";
import { claim, fuzzTarget, mutated, parsedOr } from "./target.ts";

const selectorPart = fc.constantFrom(
	..."app tier ! = == != in notin ( ) , > < web 5 -1 a/b é \u2028".split(" "),
	" ",
	"",
);
const selector = fc.oneof(
	fc.array(selectorPart, { maxLength: 20 }).map((parts) => parts.join("")),
	fc.array(selectorPart, { maxLength: 20 }).map((parts) => parts.join(" ")),
	fc.string({ unit: "binary", maxLength: 60 }),
);

/** A label selector is refused by name, or can be asked about any labels, always with one answer. */
export const labelSelectors = fuzzTarget(
	"label selectors",
	fc.record({ text: selector, labels: fc.dictionary(selectorPart, selectorPart) }),
	({ text, labels }) => {
		const parse = () => parsedOr(ErrorReason.INVALID_REQUEST, () => createSelector({}, text));
		const [one, other] = [parse(), parse()];
		claim("refused twice or not at all", (one === undefined) === (other === undefined));
		claim("one answer", one?.matches(labels) === other?.matches(labels));
	},
);

const pathPart = fc.oneof(
	fc.constantFrom("spec", "labels", "status", "cpu", "disks", "*", "`", "`app.x`", "__proto__", ""),
	fc.string({ unit: "binary", maxLength: 12 }),
);
const path = fc.array(pathPart, { maxLength: 6 }).map((parts) => parts.join("."));

/** A path of an update mask is refused by name, or leads to a field of the contract. */
export const maskPaths = fuzzTarget("update masks", fc.array(path, { maxLength: 4 }), (paths) => {
	const parsed = parsedOr(ErrorReason.INVALID_REQUEST, () => parseUpdateMask({ paths }));
	for (const { fields } of parsed ?? []) {
		claim(
			"it leads to a field",
			fields.every(({ kind }) => kind === "field"),
		);
	}
});

const sound = bytesField(
	1,
	bytesField(1, "web-1"),
	bytesField(3, numberField(1, 4), bytesField(2, "8Gi"), bytesField(3, bytesField(1, "root"))),
	bytesField(5, bytesField(1, "app"), bytesField(2, "web")),
);

/** Bytes of a message that a decoder takes are looked through to their end, or have a fault. */
export const wireBytes = fuzzTarget(
	"bytes of a message",
	fc.oneof(mutated(fc.constant(sound)), fc.uint8Array({ maxLength: 100 })),
	(bytes) => {
		findWireFault(CreateWukongRequestSchema, bytes, 100);
		try {
			fromBinary(CreateWukongRequestSchema, bytes);
		} catch (error) {
			claim("refused by an error", error instanceof Error);
		}
	},
);
