import {
	clone,
	type DescMethodServerStreaming,
	type DescMethodUnary,
	type Message,
	type Registry,
	toJson,
} from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
	isPromiseLike,
	type StreamProcedure,
	toMessage,
	type UnaryProcedure,
} from "../../call/invoke-implementation.ts";
import { type ItemPage, ListPages } from "./list-pages.ts";
import type { ListShape } from "./list-shape.ts";

/**
 * Trailer with what a list says besides its items, as the members of a JSON object. Lists in plain
 * HTTP write it behind their items; it never leaves as a header field.
 */
export const summaryTrailer = "x-list-summary";

type Fields = Record<string, unknown>;

/**
 * Makes a stream of the items of a list from a method that lists page by page, under the same
 * interceptors: as many as there are, and one page of them in memory. The page tokens hold them to one
 * snapshot. A request that names a page size gets that one page.
 */
export function createListProcedure(
	{ spec, interceptors }: UnaryProcedure,
	{ items, nextPageToken, pageToken, pageSize }: ListShape,
	registry: Registry,
): StreamProcedure {
	const { input, output } = spec.method;

	/** Opens the stream once its first page is read: a list that fails at once was never open. */
	function impl(
		request: Message,
		context: HandlerContext,
	): ListPages<Message> | Promise<ListPages<Message>> {
		const isOnePage = (request as unknown as Fields)[pageSize.localName] !== 0;
		const toPage = (init: unknown): ItemPage<Message> => {
			const response = toMessage(output, init);
			const fields = response as unknown as Fields;
			const token = fields[nextPageToken.localName] as string;
			const isLast = isOnePage || token === "";
			if (isLast) context.responseTrailer.set(summaryTrailer, summaryOf(response));
			return {
				items: fields[items.localName] as Message[],
				next: isLast ? undefined : () => read(withToken(token)),
			};
		};
		const read = (message: Message): ItemPage<Message> | Promise<ItemPage<Message>> => {
			const response = spec.impl(message as never, context);
			return isPromiseLike(response) ? Promise.resolve(response).then(toPage) : toPage(response);
		};
		const withToken = (token: string): Message => {
			const next = clone(input, request) as Message;
			(next as unknown as Fields)[pageToken.localName] = token;
			return next;
		};
		const first = read(request);
		return isPromiseLike(first) ? first.then((page) => new ListPages(page)) : new ListPages(first);
	}

	/** The response without its items, and whether it is the end of the list. */
	function summaryOf(response: Message): string {
		const rest = { ...response, [items.localName]: [] } as unknown as Message;
		const json = toJson(output, rest, { registry }) as Fields;
		return asciiJson({ complete: !(nextPageToken.jsonName in json), ...json });
	}

	const method: DescMethodUnary = spec.method as DescMethodUnary;
	const listed = { ...method, methodKind: "server_streaming", output: items.message };
	return {
		spec: {
			kind: "server_streaming",
			method: listed as unknown as DescMethodServerStreaming,
			impl: impl as never,
		} as StreamProcedure["spec"],
		interceptors,
	};
}

/** Header fields hold no other characters. */
function asciiJson(value: unknown): string {
	return JSON.stringify(value).replaceAll(
		/[^ -~]/g,
		(unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
