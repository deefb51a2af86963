import { randomBytes } from "node:crypto";
import type { Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import { ErrorReason, Failure } from "../../failure.ts";
import type { Authenticator } from "../authenticator.ts";
import { expired, notValid, revoked } from "../failures.ts";
import { createSeal } from "./seal.ts";

/** A stream ticket, for what cannot send header fields. */
export interface Ticket {
	/** Goes into the query of the URL that it is for, as `ticket`; begins with `wt_`. */
	readonly ticket: string;
	/** Time at which it is good no more, in milliseconds since 1970. */
	readonly expireTimeMs: number;
}

/** Makes stream tickets, and is the source of identities that they are. */
export interface Tickets extends Authenticator {
	/**
	 * Makes a ticket for one GET, which is good once on a replica.
	 * @param target path and query of the request, as in `/api/v1/wukongs:watch?namespace=web`
	 * @throws NOT_SUPPORTED where the caller's groups do not fit into a URL
	 */
	createTicket(principal: Principal, target: string): Ticket;
}

/** Begins every ticket, so that it is told from all else that a URL may hold. */
const ticketPrefix = "wt_";
/** Time for which a ticket is good, in milliseconds. */
const ticketLifeMs = 30_000;
/** Longest ticket: URLs of more than 8,000 characters do not pass every proxy (RFC 9110, 4.1). */
const maxTicketLength = 6_000;
/** Tickets that were used, and would be good by their time. */
const maxUsed = 20_000;

/** What is sealed in a ticket. Short names: it is part of a URL. */
interface Contents {
	readonly id: string;
	readonly until: number;
	readonly target: string;
	readonly of: Principal;
}

/**
 * Creates the tickets. One holds its caller, sealed, so that any replica with the same secret can
 * redeem it; used ones are remembered until their time is over, here alone.
 */
export function createTickets(options: {
	/** Shared by replicas. Default: one of this process's own. */
	readonly secret?: Buffer | undefined;
	/** Prefix of paths that a caller may have given, or not. */
	readonly basePath: string;
	/**
	 * Finds a principal by its credential, so that what is open by a ticket ends with that.
	 * @returns null: it was revoked; undefined: credentials of this kind are not
	 */
	readonly current: (credentialId: string) => Principal | null | undefined;
	readonly clock: Pick<Clock, "nowMs">;
}): Tickets {
	const { secret = randomBytes(32), basePath, current, clock } = options;
	const seal = createSeal(secret);
	/** Time until which each used ticket is to be remembered, the oldest first. */
	const used = new Map<string, number>();

	const use = ({ id, until }: Contents) => {
		for (const [old, untilMs] of used) {
			if (untilMs > clock.nowMs()) break;
			used.delete(old);
		}
		if (used.has(id)) throw notValid("the ticket was used; get a new one");
		// What cannot be remembered could be used twice.
		if (used.size >= maxUsed) {
			const details = { retryAfterMs: 1_000 };
			throw new Failure(ErrorReason.TOO_MANY_REQUESTS, "too many tickets are used", details);
		}
		used.set(id, until);
	};

	return {
		createTicket(principal, target) {
			const nowMs = clock.nowMs();
			const { expireTimeMs = Number.POSITIVE_INFINITY } = principal;
			const until = Math.min(nowMs + ticketLifeMs, expireTimeMs);
			const contents: Contents = {
				...{ id: randomBytes(12).toString("base64url"), until },
				...{ target: withoutBase(target, basePath), of: principal },
			};
			const ticket = ticketPrefix + seal.close(JSON.stringify(contents));
			if (ticket.length > maxTicketLength) {
				const message = "the caller has too many groups for a ticket; send header fields";
				throw new Failure(ErrorReason.NOT_SUPPORTED, message);
			}
			return { ticket, expireTimeMs: until };
		},
		authenticate({ ticket, method, target }) {
			if (ticket === undefined) return undefined;
			// Every subscription of a WebSocket, and every page of a list, shows it again.
			if (ticket.principal !== undefined) return requireCurrent(ticket.principal);
			const text = seal.open(ticket.text.slice(ticketPrefix.length));
			if (text === undefined) throw notValid();
			const contents: Contents = JSON.parse(text);
			if (contents.until <= clock.nowMs()) throw expired();
			if (method !== "GET" || contents.target !== target) {
				throw notValid("the ticket is for another URL");
			}
			const principal = requireCurrent(contents.of);
			use(contents);
			ticket.principal = principal;
			return principal;
		},
	};

	function requireCurrent(principal: Principal): Principal {
		const found = current(principal.credentialId);
		if (found === null) throw revoked();
		const { expireTimeMs } = principal;
		if (expireTimeMs !== undefined && expireTimeMs <= clock.nowMs()) throw expired();
		return found ?? principal;
	}
}

function withoutBase(target: string, basePath: string): string {
	return basePath !== "" && target.startsWith(`${basePath}/`)
		? target.slice(basePath.length)
		: target;
}
