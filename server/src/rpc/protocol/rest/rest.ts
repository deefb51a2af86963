import { type Exchange, headerOf } from "../../../http/exchange.ts";
import { isProcedurePath } from "../../procedures.ts";
import type { Protocol } from "../protocol.ts";
import { createHttpPath } from "./http-path.ts";
import { readHttpRules } from "./http-rule.ts";
import { createRefusalPart } from "./refusal-part.ts";
import type { RestOptions } from "./rest-options.ts";

/**
 * Creates REST: the HTTP rules of the services' own contract (google/api/http.proto), whichever
 * services are served. Bodies are JSON, as in Connect, and share its bytes; errors are the
 * contract's Status.
 */
export function createRest(options: RestOptions): Protocol {
	const hasStreams = (options.streamForms ?? []).length > 0;
	const refusalPart = createRefusalPart(options);
	return {
		name: "rest",
		pathsOf(method) {
			const isStream = method.methodKind === "server_streaming";
			if (method.methodKind !== "unary" && !(isStream && hasStreams)) return [];
			return readHttpRules(method).map((rule) => createHttpPath(method, rule, options));
		},
		findRefusalForm: (exchange) =>
			exchange === undefined || isOurs(exchange) ? refusalPart(exchange) : undefined,
	};
}

/** Who speaks another protocol, by its path or its content type, is answered in that. */
function isOurs(exchange: Exchange): boolean {
	const path = exchange.target.split("?", 1)[0] as string;
	if (isProcedurePath(path)) return false;
	const type = headerOf(exchange, "content-type") ?? "";
	return !/^[\t ]*application\/(?:grpc|connect|proto)/i.test(type);
}
