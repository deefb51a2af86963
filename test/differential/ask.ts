import type { DescMethod } from "@bufbuild/protobuf";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { HostileRequest } from "../hostile/row.ts";

/** One request that both ways are asked. */
export interface Ask extends HostileRequest {
	readonly http: "1.1" | "2";
	/** The body goes out in small pieces. Default: in one. */
	readonly inPieces?: boolean;
}

const methods = new Map<string, DescMethod>(
	WukongService.methods.map((method) => [`/${WukongService.typeName}/${method.name}`, method]),
);

/** The procedure that a request names. */
export function methodOf({ target }: Ask): DescMethod {
	const method = methods.get(target.split("?", 1)[0] as string);
	if (method === undefined) throw new Error(`no such procedure: ${target}`);
	return method;
}

/** First value of a request's header, by lower-case name. */
export function askedHeader({ headers }: Ask, name: string): string | undefined {
	return headers.find(([key]) => key === name)?.[1];
}
