import fc from "fast-check";

/** What a selector is tried on: keys that stand in the texts, with values of all kinds. */
export const labelSets: readonly Readonly<Record<string, string>>[] = [
	{},
	{ a: "", b: "5", in: "in", notin: "x" },
	{ a: "b", b: "007", "x.y/a": "5" },
	{ a: "5", b: "9223372036854775807", in: "notin" },
	{ a: "9223372036854775808", b: `${"0".repeat(62)}6` },
	{ a: "1_000", b: "0x10", "x.y/a": "" },
	{ a: "1e3", b: "5.0", notin: "" },
];

/** Texts whose reading was wrong once, or is easy to get wrong. */
export const knownTexts: readonly string[] = [
	...["", " ", "\t\r\n", "a", "!a", "! a", " !\ta ", "a ", "!!a", "a!", "!", "!in", "in", "notin"],
	...["a=b", "a==b", "a===b", "a=!b", "a!==b", "a!=b", "a! =b", "a= =b", "!a=b", "!a in (b)"],
	...["a=", "a==", "a!=", "a=,b", "a!=,b", "a=in", "a=notin", "in=in", "in in (in)", "a in in"],
	...["a in ()", "a notin ()", "a in (,)", "a in (,b)", "a in (b,)", "a in (b,,5)", "a in ( , )"],
	...["a in b", "a in (b", "a in b)", "a in (b))", "a in ((b))", "a in (b 5)", "a in (b)5", "a in"],
	...["a in(b)", "a notin(b)", "ain (b)", "a in (b),", ",a", "a,", "a,,b", "a,b", "a ,\n b", "a b"],
	...["a>5", "a>05", "a> 5", "a >5", "a<5", "a>=5", "a>-5", "a>+5", "a>", "a<,b", "a>b", "a>5,b"],
	...["b>9223372036854775806", "b<9223372036854775807", "a>9223372036854775807"],
	...["a>9223372036854775808", "a>1_000", "a>0x5", "a>5.0", "a>1e3", `b>${"0".repeat(62)}5`],
	...[`b>${"0".repeat(63)}5`, "b>006", "b<008", "a>٥", "a>５"],
	// White space of others: U+000B, U+000C, U+0085, U+00A0, U+FEFF, U+2003, U+2028, U+3000.
	...["\v", "\f", "\u0085", "\u00a0", "\ufeff", "\u2003", "\u2028", "\u3000"].flatMap((space) => [
		`a${space}`,
		`${space}a`,
		`a${space}=${space}b`,
		`a in (b,${space}5)`,
		`a,${space}b`,
	]),
	...["a=ü", "ü", "a=\u{1f600}", "a=b\u0301", "K=v", "a.", ".a", "a-", "-a", "a_b", "_a", "a=-b"],
	...["/a", "a/", "a/b/c", "x.y/a", "X.y/a", "x..y/a", "x_y/a", "-x/a", "x.y/a=5", "x.y/-a"],
	...[63, 64].flatMap((length) => ["a".repeat(length), `a=${"a".repeat(length)}`]),
	...[63, 64].flatMap((length) => [`x/${"a".repeat(length)}`, `a in (${"5".repeat(length)})`]),
	...[253, 254].flatMap((length) => [`${"a".repeat(length)}/a`, `!${"a.".repeat(length / 2)}a/a`]),
];

/** Texts of the grammar's pieces, right and wrong. */
export const selectorTexts: fc.Arbitrary<string> = fc
	.array(
		fc.oneof(
			{ weight: 6, arbitrary: fc.constantFrom("a", "b", "x.y/a", "in", "notin", "5", "007", "x") },
			{ weight: 6, arbitrary: fc.constantFrom("=", "==", "!=", "!", ">", "<", ",", "(", ")") },
			{ weight: 4, arbitrary: fc.constantFrom(" ", " in (", " notin (", "),", "\t", "\r\n", ",!") },
			{ weight: 1, arbitrary: fc.constantFrom("-5", "+5", "1_0", "\u00a0", "\v", "a".repeat(64)) },
			{ weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
			{ weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String) },
		),
		{ maxLength: 12 },
	)
	.map((pieces) => pieces.join(""));
