import fc from "fast-check";

const piece = fc.oneof(
	fc.constantFrom("a", "B", "9", "-", "_", ".", "/", "x.y/", "..", ""),
	fc.constantFrom(61, 62, 63, 64, 126, 252, 253, 254).map((length) => "a".repeat(length)),
	fc.constantFrom(126, 127).map((count) => "a.".repeat(count)),
	fc.constantFrom("ß", "\u0131", "ﬁ", " ", "\n", "\u{1f600}"),
);

/** Texts that are label keys and values, or nearly so. */
export const keyTexts: fc.Arbitrary<string> = fc
	.array(piece, { maxLength: 5 })
	.map((pieces) => pieces.join(""));
