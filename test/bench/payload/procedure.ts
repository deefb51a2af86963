import { WukongService } from "@novasphere/wukong-gen/wukong-service";

/** The path of an RPC. */
export function procedure(method: "GetWukong" | "ListWukongs" | "UpdateWukong" | "WatchWukong") {
	return `/${WukongService.typeName}/${method}`;
}
