import type { DescMessage } from "@bufbuild/protobuf";
import type { Document, Verdict } from "./judge.ts";
import { everything } from "./schema.ts";

/** A difference from protobuf-go that stays. */
export interface Difference {
	readonly name: string;
	readonly reason: string;
	/** Who of the two takes what the other one refuses; or both make other messages of it. */
	readonly takenBy: "us" | "them" | "both";
	/** Whether a verdict is of this kind. */
	holds(verdict: Verdict, text: string): boolean;
	/** One that shows it. */
	readonly example: Document;
}

const json = (text: string, schema: DescMessage = everything): Document => ({
	schema,
	form: "json",
	bytes: Buffer.from(text),
});

const binary = (hex: string): Document => ({
	schema: everything,
	form: "binary",
	bytes: Buffer.from(hex.replaceAll(" ", ""), "hex"),
});

const isTime = ({ ours }: Verdict) => ours?.includes("is to be a time") === true;
const isDuration = ({ ours }: Verdict) => ours?.includes("is to be a duration") === true;

/** Every difference that may be. The test fails over any other, and over one that is gone. */
export const differences: readonly Difference[] = [
	{
		name: "a mask with * or with the key of a map",
		reason:
			"AIP-161: a path may be `*` and may end in a map's key; protobuf-go knows of names alone. Which path leads anywhere is judged by the method.",
		takenBy: "us",
		holds: ({ theirs }) => theirs?.includes("FieldMask.paths contains invalid path") === true,
		example: json('{"wktFieldmask":"*,labels.a-b/c"}'),
	},
	{
		name: "a whole number with more digits than it needs",
		reason: "its value is whole and in range; protobuf-go gives up beyond 20 digits",
		takenBy: "us",
		holds: ({ theirs }) => /invalid value for \w+ [^:]*: "?-?[\d.]{15,}e/i.test(theirs ?? ""),
		example: json('{"int32":0.0000000000000000000001e22}'),
	},
	{
		name: "a byte order mark before the text",
		reason: "RFC 8259, 8.1: a parser may pass over it; editors of one system write it",
		takenBy: "us",
		holds: ({ document }) => document.bytes.toString().startsWith("\ufeff"),
		example: json('\ufeff{"int32":1}'),
	},
	{
		name: "null for a list of google.protobuf.Value",
		reason:
			"ProtoJSON: null is accepted for every field and means that it is not given; protobuf-go takes it for the Value's own null, which a list is not",
		takenBy: "us",
		holds: ({ theirs }) => theirs?.includes("unexpected token null") === true,
		example: json('{"manyWktValue":null}'),
	},
	{
		name: "a number that ends in its exponent's e",
		reason: "it is no JSON (RFC 8259, section 6); protobuf-go reads it as if the e were not there",
		takenBy: "them",
		holds: ({ ours }, text) => ours?.includes("is not JSON") === true && /\de[\s,\]}]/i.test(text),
		example: json('{"int32":1e}'),
	},
	{
		name: "a time with one digit of the hour, a comma, or an offset of a day",
		reason:
			"RFC 3339, 5.6: hours have two digits and end at 23, minutes at 59, the point is a point",
		takenBy: "them",
		holds: (verdict, text) => isTime(verdict) && /T\d:|:\d\d,\d|[-+]24:\d\d"|:60"/.test(text),
		example: json('{"wktTimestamp":"2020-01-01T1:00:00,5+24:60"}'),
	},
	{
		name: "a duration without any digit",
		reason: "protobuf-go's own words ask for a whole or a fractional part; it takes `.s` for zero",
		takenBy: "them",
		holds: (verdict, text) => isDuration(verdict) && /"[-+]?\.s"/.test(text),
		example: json('{"wktDuration":".s"}'),
	},
	{
		name: "line breaks in base64",
		reason: "RFC 4648, 3.1: they are refused where nothing says otherwise; Go's decoder skips them",
		takenBy: "them",
		holds: ({ ours }, text) => ours?.includes("bytes in base64") === true && /\\[nr]/.test(text),
		example: json('{"bytes":"AA\\nAA"}'),
	},
	{
		name: "a float that double precision cannot tell from the middle of two",
		reason:
			"JavaScript reads it as a double first; it takes more than 17 digits to see, and no message here has a float",
		takenBy: "both",
		holds: ({ document }, text) =>
			document.form === "json" && /loat/i.test(text) && /[\d.]{18}/.test(text),
		example: json('{"float":1.000000059604644775390626}'),
	},
	{
		name: "a number of more digits than any needs",
		reason: "a double, written out in full, has fewer than 1,100; two million of them take time",
		takenBy: "them",
		holds: ({ ours }) => ours?.includes("a number of at most 1100 digits") === true,
		example: json(`{"int32":1.${"0".repeat(1_101)}}`),
	},
	{
		name: "more than a hundred levels",
		reason: "no message here is deep, and depth is stack; protobuf-go stops at 10,000",
		takenBy: "them",
		holds: ({ ours }) => ours?.includes("nested too deeply") === true,
		example: json(`${'{"inner":'.repeat(100)}{}${"}".repeat(100)}`),
	},
	{
		name: "more than 10,000 entries",
		reason: "a small text could hold a million and would hold up every other call",
		takenBy: "them",
		holds: ({ ours }) => ours?.startsWith("the request is too large") === true,
		example: json(`{"manyInt32":[${"0,".repeat(10_000)}0]}`),
	},
	{
		name: "a varint wider than its field",
		reason: "protobuf-go cuts it: the call would do what nobody asked for",
		takenBy: "them",
		holds: ({ ours }) => ours?.includes("is out of range") === true,
		example: binary("30 80 80 80 80 10"),
	},
	{
		name: "a field with the wire type of another",
		reason:
			"protobuf-go passes over it as an unknown one: the call would do without what was given",
		takenBy: "them",
		holds: ({ ours }) => ours?.includes("is not of the type that this field has") === true,
		example: binary("20 01"),
	},
	{
		name: "a tag of more than five bytes",
		reason: "32 bits have room in five; no encoder writes more, and protobuf-es reads no more",
		takenBy: "them",
		holds: ({ ours, document }) =>
			ours === "the request is not a message of this type" &&
			/[89a-f].([89a-f].){4}/.test(document.bytes.toString("hex")),
		example: binary("fa ff ff ff 8f 80 00 01 61"),
	},
	{
		name: "what a Struct holds that JSON has no form for",
		reason:
			"protobuf-es keeps a field of google.protobuf.Struct as JSON: a null with another number than 0, or a Value of no kind, becomes null. No message here has one.",
		takenBy: "both",
		holds: ({ document: { form, schema } }) => form === "binary" && schema === everything,
		example: binary("fa 0d 0a 0a 08 12 06 08 ff ff ff ff 0f"),
	},
];
