import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { breakingArgs, landedImage } from "../../scripts/proto-image.ts";
import { root } from "../../scripts/source-files.ts";

const breaks: [title: string, expected: RegExp, change: (file: FileDescriptorProto) => void][] = [
	[
		"a field that changes its number",
		/field "1" .*deleted/,
		(file) => ofDisk(file, { number: 99 }),
	],
	["a field that changes its name", /changed name/, (file) => ofDisk(file, { name: "x" })],
	["a JSON name that changes", /json_name/, (file) => ofDisk(file, { jsonName: "x" })],
	["an enum value that goes", /"PAUSED" was deleted|value "7".*deleted/, dropPowerState],
];

test.each(breaks)("%s is a break", (_, expected, change) => {
	const { status, stdout } = compare(change);
	expect(stdout).toMatch(expected);
	expect(status).not.toBe(0);
});

test("what has landed breaks nothing", () => {
	expect(compare(() => undefined)).toMatchObject({ status: 0, stdout: "" });
});

function compare(change: (file: FileDescriptorProto) => void) {
	const set = fromBinary(FileDescriptorSetSchema, readFileSync(landedImage));
	const file = set.file.find((it) => it.name === "novasphere/v1/wukong.proto");
	if (file === undefined) throw new Error("the landed image holds no wukong.proto");
	change(file);
	const folder = mkdtempSync(join(tmpdir(), "wukong-breaking-"));
	try {
		const image = join(folder, "new.binpb");
		writeFileSync(image, toBinary(FileDescriptorSetSchema, set));
		return spawnSync("buf", breakingArgs(image), { cwd: root, encoding: "utf8" });
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Changes the first field of Disk, on whose fields no other message depends. */
function ofDisk(file: FileDescriptorProto, change: object): void {
	const field = file.messageType.find((message) => message.name === "Disk")?.field[0];
	if (field === undefined) throw new Error("the contract has no Disk");
	Object.assign(field, change);
}

function dropPowerState(file: FileDescriptorProto): void {
	const status = file.messageType.find((message) => message.name === "WukongStatus");
	const value = status?.enumType[0]?.value.pop();
	if (value?.name !== "PAUSED") throw new Error("the last power state is not PAUSED");
}
