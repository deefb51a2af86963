import { createRegistry } from "@bufbuild/protobuf";
import { type Exchange, headerOf } from "../../../http/exchange.ts";
import type { RefusalForm } from "../protocol.ts";
import { chooseMediaType } from "./accept.ts";
import type { DescribeError } from "./error-body.ts";
import { createErrorPage } from "./error-page.ts";
import { createCallPart } from "./rest-response.ts";

const html = "text/html";

/**
 * Creates the form of refusals to requests without a route: the contract's Status, or a short page
 * for a browser, which prefers that.
 */
export function createRefusalPart({
	describeError,
	basePath = "",
}: {
	readonly describeError: DescribeError;
	readonly basePath?: string;
}): (exchange: Exchange | undefined) => RefusalForm {
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
