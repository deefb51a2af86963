import type { TicketCarrier } from "../../caller.ts";

/** A request's path and query, and the ticket that was in them. */
export interface TakenTicket {
	/** Path and query without the ticket: nothing behind this shows it again. */
	readonly path: string;
	/** undefined: there is none. */
	readonly ticket: TicketCarrier | undefined;
}

const ticketPattern = /[?&]ticket=(wt_[A-Za-z0-9_-]+)(?=&|$)/;

/** Takes a ticket out of a path and query. Two of them are left, to be refused as what they are not. */
export function takeTicket(path: string): TakenTicket {
	const found = path.includes("ticket=wt_") ? ticketPattern.exec(path) : null;
	const text = found?.[1];
	if (found === null || text === undefined) return { path, ticket: undefined };
	const before = path.slice(0, found.index);
	const after = path.slice(found.index + found[0].length);
	const joined = found[0].startsWith("?") && after !== "" ? `?${after.slice(1)}` : after;
	return { path: before + joined, ticket: { text, principal: undefined } };
}
