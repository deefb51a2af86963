import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { jsonTypesOf } from "../../../../server/src/rpc/codec/json-types.ts";

test("the types of a file are its own and those of what it imports, over several files too", () => {
	const types = jsonTypesOf(WukongService.file);
	expect(types.getMessage("novasphere.v1.WatchWukongRequest")).toBeDefined();
	expect(types.getMessage(WukongSchema.typeName)).toBe(WukongSchema);
	expect(types.getMessage("google.protobuf.Timestamp")).toBeDefined();
	expect(types.getMessage(ErrorInfoSchema.typeName)).toBeUndefined();
});

test("a file's types are gathered once", () => {
	expect(jsonTypesOf(WukongService.file)).toBe(jsonTypesOf(WukongService.file));
});
