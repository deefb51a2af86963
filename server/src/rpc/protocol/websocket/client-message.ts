import { isUtf8 } from "node:buffer";
import { JsonFault } from "../../codec/json/json-fault.ts";
import { JsonText } from "../../codec/json/json-text.ts";
import { skipJsonValue } from "../../codec/json/json-value.ts";

/** What a client says. */
export type ClientMessage =
	| {
			readonly type: "subscribe";
			readonly id: string;
			/** JSON of the request message, as it came. */
			readonly query: string;
	  }
	| { readonly type: "unsubscribe"; readonly id: string };

/**
 * Most entries of a query: as many as the decoder takes of a request, where they are counted again.
 */
const limits = { maxEntries: 10_000, maxDepth: 100 };

const names = ["type", "id", "query"];

/**
 * Reads a message of a client. A query is only stepped over: the decoder judges it.
 * @returns a text: what is wrong, in at most 123 bytes
 */
export function readClientMessage(bytes: Buffer): ClientMessage | string {
	if (!isUtf8(bytes)) return "a message is not UTF-8";
	const text = bytes.toString();
	try {
		return judge(readMembers(text));
	} catch (error) {
		if (!(error instanceof JsonFault)) throw error;
		return error.kind === "syntax"
			? `a message ${error.description}`
			: "a message is no JSON object of type, id and query";
	}
}

type Members = Partial<Record<string, string>>;

/** @returns strings as they read, and the query as it stands */
function readMembers(source: string): Members {
	const text = new JsonText(source, limits);
	if (text.next() !== "object") text.refuseNext("an object");
	const members: Members = Object.create(null);
	if (text.openObject()) {
		do {
			const name = text.takeName();
			if (!names.includes(name) || name in members) text.refuseNext("a member that is known, once");
			if (name === "query") {
				text.next();
				const start = text.position;
				skipJsonValue(text);
				members[name] = source.slice(start, text.position);
			} else members[name] = text.takeString() ?? text.refuseNext("a string");
		} while (text.hasMember());
	}
	text.end();
	return members;
}

function judge({ type, id, query }: Members): ClientMessage | string {
	if (type !== "subscribe" && type !== "unsubscribe") {
		return "the type of a message is to be subscribe or unsubscribe";
	}
	if (id === undefined || !/^[!-~]{1,64}$/.test(id)) {
		return "the id of a message is to be of 1 to 64 printable ASCII characters";
	}
	if (type === "subscribe") return { type, id, query: query ?? "{}" };
	return query === undefined ? { type, id } : "unsubscribe has no query";
}
