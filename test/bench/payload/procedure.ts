import { WukongService } from "@novasphere/wukong-gen/wukong-service";

/** The path of an RPC. */
export function procedure(method: Capitalize<keyof typeof WukongService.method>) {
	return `/${WukongService.typeName}/${method}`;
}
