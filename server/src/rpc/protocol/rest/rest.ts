import { createRegistry } from "@bufbuild/protobuf";
import { type Exchange, headerOf } from "../../../http/exchange.ts";
import { isProcedurePath } from "../../procedures.ts";
import type { Protocol, RefusalForm } from "../protocol.ts";
import { chooseMediaType } from "./accept.ts";
import { createErrorPage } from "./error-page.ts";
import { createHttpPath, type RestOptions } from "./http-path.ts";
import { readHttpRules } from "./http-rule.ts";
import { createCallPart } from "./rest-response.ts";

const html = "text/html";

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

/**
 * Checks whether REST answers a request; who speaks another protocol, by path or content type, is
 * answered in that.
 */
function isOurs(exchange: Exchange): boolean {
	const path = exchange.target.split("?", 1)[0] as string;
	if (isProcedurePath(path)) return false;
	const type = headerOf(exchange, "content-type") ?? "";
	return !/^[\t ]*application\/(?:grpc|connect|proto)/i.test(type);
}

/**
 * Creates the form of refusals to requests without a route: the contract's Status, or a short page
 * for a browser, which prefers that.
 */
function createRefusalPart({
	describeError,
	basePath = "",
}: RestOptions): (exchange: Exchange | undefined) => RefusalForm {
	const formOf = (isPretty: boolean): RefusalForm => {
		const wish = { isPretty, hasPrecondition: false, isConditional: false };
		const rule = { describeError, registry: createRegistry() };
		return { codec: "json", protocol: createCallPart(rule, wish) };
	};
	const plain = formOf(false);
	const pretty = formOf(true);
	const page: RefusalForm = {
		codec: "json",
		protocol: {
			...plain.protocol,
			failure: (_codec, error) => createErrorPage(error, { ...describeError(error), basePath }),
		},
	};
	return (exchange) => {
		if (exchange === undefined) return plain;
		const liked = chooseMediaType(headerOf(exchange, "accept"), ["application/json", html]);
		if (liked === html) return page;
		return /[?&]pretty(?:&|=true|=?$)/.test(exchange.target) ? pretty : plain;
	};
}
