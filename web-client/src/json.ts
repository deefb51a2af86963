import { toJson } from "@bufbuild/protobuf";
import { type Wukong, type WukongJson, WukongSchema } from "../gen/novasphere/v1/wukong_pb.js";

/**
 * Turns a VM into plain JSON, as curl shows it: times and 64-bit numbers are texts. A message
 * itself has bigints, which `JSON.stringify` refuses.
 *
 * @example JSON.stringify(wukongToJson(vm))
 */
export function wukongToJson(wukong: Wukong): WukongJson {
	return toJson(WukongSchema, wukong);
}
