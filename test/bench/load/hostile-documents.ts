import { gzipSync } from "node:zlib";
import { bytesField, numberField, tag } from "../../hostile/wire-bytes.ts";

/** A request that is small on the wire and large in memory, or slow to judge. */
export interface HostileDocument {
	readonly what: string;
	/** Of WukongService. */
	readonly method: string;
	readonly type: "application/json" | "application/proto";
	/** With gzip. */
	readonly body: Uint8Array<ArrayBuffer>;
}

/** What the port takes at most, after decompression, in bytes. */
const mostBytes = 2 * 1024 * 1024;

const json = (what: string, text: string, method = "CreateWukong"): HostileDocument => {
	if (text.length > mostBytes)
		throw new RangeError(`${what}: ${text.length} bytes are refused unread`);
	return { what, method, type: "application/json", body: gzipSync(text) };
};

const binary = (what: string, bytes: Uint8Array, method = "CreateWukong"): HostileDocument => {
	if (bytes.length > mostBytes)
		throw new RangeError(`${what}: ${bytes.length} bytes are refused unread`);
	return { what, method, type: "application/proto", body: gzipSync(bytes) };
};

const room = mostBytes - 1_000;
/** As many as there is room for, with commas. */
const items = (item: string) => `[${`${item},`.repeat(room / (item.length + 1))}${item}]`;
const repeated = (bytes: Uint8Array) =>
	Buffer.concat(Array(Math.floor(room / bytes.length)).fill(bytes));
const few = (count: number, make: (index: number) => string) =>
	Array.from({ length: count }, (_, index) => make(index)).join();
const vm = (members: string) => `{"wukong":{"name":"a",${members}}}`;

/** One for each way that is known to make a server slow; none is a good request. */
export function hostileDocuments(): HostileDocument[] {
	return [
		json("empty items", vm(`"spec":{"disks":${items("{}")}}`)),
		json(
			"empty items, the last one a number",
			vm(`"status":{"conditions":${items("{}").replace(/.$/, ",1]")}}`),
		),
		json("empty texts", vm(`"spec":{"cloudInitUser":{"groups":${items('""')}}}`)),
		json("members of a map", vm(`"labels":{${few(150_000, (index) => `"k${index}":""`)}}`)),
		json("one name again and again", `{${few(200_000, () => '"x":1')}}`),
		json("one field again and again", vm(few(200_000, () => '"uid":""'))),
		json("lists within lists", vm(`"labels":${"[".repeat(room)}`)),
		json("objects within objects", '{"wukong":'.repeat(room / 10)),
		json("a number of two million digits", vm(`"generation":${"9".repeat(room)}`)),
		json("a number of two million digits in quotes", vm(`"generation":"${"9".repeat(room)}"`)),
		json("a small number of two million digits", vm(`"generation":1${"0".repeat(room)}e-${room}`)),
		json("an exponent of two million digits", vm(`"spec":{"cpu":1e${"9".repeat(room)}}`)),
		json(
			"a text of two million characters",
			vm(`"name":"${"a".repeat(room)}"`).replace('"name":"a",', ""),
		),
		json("a text of escapes", vm(`"uid":"${"\\u0061".repeat(room / 6)}"`)),
		json("a text of two-byte characters", vm(`"uid":"${"é".repeat(room / 2)}"`)),
		json("a name of two million characters", `{"${"a".repeat(room)}":1}`),
		json("white space", `${" ".repeat(room)}{}`),
		json("a long time", vm(`"createTime":"${"1".repeat(room)}"`)),
		json("a long duration", `{"heartbeatInterval":"${"1".repeat(room)}s"}`, "WatchWukong"),
		json("a mask of a million paths", `{"updateMask":"${"a,".repeat(room / 2)}a"}`, "UpdateWukong"),
		json("a mask of capitals", `{"updateMask":"${"A".repeat(room)}"}`, "UpdateWukong"),
		json(
			"many keys that no label may have",
			vm(`"labels":{${few(1_990, (index) => `"-${index}${"a".repeat(300)}-":"-"`)}}`),
		),
		json(
			"many disks with nothing right",
			vm(`"spec":{"disks":[${few(1_900, () => `{"name":"-","size":"${"1".repeat(100)}x"}`)}]}`),
		),
		json(
			"many paths that lead nowhere",
			`{"wukong":{"name":"a"},"updateMask":"${few(1_990, () => "labels.".padEnd(60, "-"))}"}`,
			"UpdateWukong",
		),
		json("a long selector", `{"labelSelector":"${"a in (b),".repeat(room / 9)}a"}`, "ListWukongs"),
		json("a long page token", `{"pageToken":"${"A".repeat(room)}"}`, "ListWukongs"),
		binary("empty items", bytesField(1, bytesField(3, repeated(bytesField(3))))),
		binary("entries of a map", bytesField(1, repeated(bytesField(5)))),
		binary("one text again and again", bytesField(1, repeated(bytesField(1)))),
		binary("one message again and again", repeated(bytesField(1))),
		binary("unknown numbers", repeated(numberField(99, 1))),
		binary("unknown texts", repeated(bytesField(99))),
		binary("groups", Buffer.concat([tag(99, 3), repeated(numberField(1, 1)), tag(99, 4)])),
		binary("groups within groups", repeated(tag(99, 3))),
		binary("paths of a mask", bytesField(2, repeated(bytesField(1))), "UpdateWukong"),
		binary("a text that is not UTF-8", bytesField(1, bytesField(1, Buffer.alloc(room, 0xc3)))),
	];
}
