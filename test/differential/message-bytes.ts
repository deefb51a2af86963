import { type DescMessage, fromJson, type JsonObject, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { mutated } from "../fuzz/target.ts";
import { bytesField, numberField } from "../hostile/wire-bytes.ts";
import { maxRequestBytes } from "./ways.ts";

/** How a message is written. */
export type Codec = "json" | "binary";

/** Texts that are no sound JSON message, or sound in a way that few write. */
const strangeTexts = [
	"",
	"null",
	"[]",
	"{",
	"{}x",
	' \n{ "name" : "plain" } ',
	'\ufeff{"name":"plain"}',
	'{"name":1}',
	'{"name":null}',
	'{"nmae":"plain"}',
	'{"name":"plain","name":"fail"}',
	'{"name":"a\\ud800"}',
	'{"wukong":{"spec":{"cpu":"two"}}}',
	'{"wukong":{"spec":{"disks":[{"size":1}]}}}',
	'{"wukong":{"metadata":{}}}',
	'{"wukong":{"create_time":"yesterday"}}',
	'{"wukong":{"status":{"powerState":"SLEEPING"}}}',
	'{"heartbeatInterval":"soon"}',
	'{"page_size":1e2,"validate_only":true}',
	'{"labels":{"a":1}}',
	'{"__proto__":{}}',
	`${'{"wukong":'.repeat(200)}1${"}".repeat(200)}`,
	`${"[".repeat(5_000)}`.slice(0, 1_500),
].map((text) => Buffer.from(text));

/** The same in binary form. */
const strangeBytes = [
	Buffer.alloc(0),
	numberField(1, 5),
	numberField(99, 2n ** 40n),
	bytesField(99, "unknown"),
	bytesField(2, Buffer.from([0xff, 0xfe])),
	Buffer.from([0x0a, 0x7f]),
	Buffer.from([0x0f]),
	Buffer.from([0x0b, 0x0c]),
	bytesField(1, bytesField(3, bytesField(1, "abc"))),
	bytesField(1, bytesField(3, numberField(1, 2n ** 40n))),
	bytesField(3, bytesField(1, "a"), numberField(2, 1)),
];

/** Lengths around the limit. */
const paddedBytes = [1_024, maxRequestBytes - 1, maxRequestBytes, maxRequestBytes + 1, 9_000];

/** A message in one form that nothing is wrong with. */
export function soundMessage(
	schema: DescMessage,
	form: Codec,
	messages: readonly JsonObject[],
): fc.Arbitrary<Buffer> {
	return fc.constantFrom(...messages).map((json) => write(schema, form, json));
}

/** A message in one form: mostly sound. */
export function messageBytes(
	schema: DescMessage,
	form: Codec,
	messages: readonly JsonObject[],
): fc.Arbitrary<Buffer> {
	const sound = soundMessage(schema, form, messages);
	const padded = fc
		.tuple(sound, fc.constantFrom(...paddedBytes))
		.map(([bytes, lengthBytes]) => pad(bytes, form, lengthBytes));
	const strange = fc.constantFrom(...(form === "json" ? strangeTexts : strangeBytes));
	return fc.oneof(
		{ weight: 12, arbitrary: sound },
		{ weight: 2, arbitrary: padded },
		{ weight: 3, arbitrary: strange },
		{ weight: 2, arbitrary: mutated(sound).map((bytes) => Buffer.from(bytes)) },
	);
}

function write(schema: DescMessage, form: Codec, json: JsonObject): Buffer {
	if (form === "json") return Buffer.from(JSON.stringify(json));
	return Buffer.from(toBinary(schema, fromJson(schema, json)));
}

/** With what says nothing: spaces, or a field that nobody knows. */
function pad(bytes: Buffer, form: Codec, lengthBytes: number): Buffer {
	const missingBytes = lengthBytes - bytes.byteLength;
	if (form === "json") return Buffer.concat([bytes, Buffer.alloc(Math.max(0, missingBytes), " ")]);
	// The tag of field 99 and a length of two bytes.
	const content = Buffer.alloc(Math.max(128, missingBytes - 4));
	return Buffer.concat([bytes, bytesField(99, content)]);
}
