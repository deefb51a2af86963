import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";

/** A copy without fields that the contract does not know: these are ignored, so never stored. */
export function dropUnknownFields(wukong: Wukong): Wukong {
	return fromBinary(WukongSchema, toBinary(WukongSchema, wukong, { writeUnknownFields: false }));
}
