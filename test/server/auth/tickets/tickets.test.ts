import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createTickets } from "../../../../server/src/auth/tickets/tickets.ts";
import type { Principal } from "../../../../server/src/caller.ts";
import { Failure, reasonName } from "../../../../server/src/failure.ts";
import { carriersOf, plainPeer } from "../../../support/carriers.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";

const clock = createFakeClock();
const ann: Principal = { name: "ann", groups: ["ops"], method: "oidc", credentialId: "oidc:1" };
const target = "/api/v1/wukongs:watch?namespace=web";

function create(options: Partial<Parameters<typeof createTickets>[0]> = {}) {
	return createTickets({ basePath: "", current: () => undefined, clock, ...options });
}

/** Redeems as a request of its own. */
function redeem(tickets: ReturnType<typeof create>, text: string, shown: object = {}): unknown {
	const ticket = { text, principal: undefined };
	const carriers = carriersOf({ ticket, method: "GET", target, ...shown });
	try {
		return tickets.authenticate(carriers, plainPeer);
	} catch (error) {
		if (error instanceof Failure) return reasonName(error.reason);
		throw error;
	}
}

test("a ticket is good once, for 30 s, for its caller's one GET", async () => {
	const tickets = create();
	const { ticket, expireTimeMs } = tickets.createTicket(ann, target);
	expect(expireTimeMs).toBe(clock.nowMs() + 30_000);
	for (const shown of [
		{ method: "POST" },
		{ target: "/api/v1/wukongs:watch" },
		{ target: `${target}&name=x` },
		{ target: "/api/v1/wukongs?namespace=web" },
	]) {
		expect(redeem(tickets, ticket, shown)).toBe("UNAUTHENTICATED");
	}
	expect(redeem(tickets, ticket)).toEqual(ann);
	expect(redeem(tickets, ticket)).toBe("UNAUTHENTICATED");
	const late = tickets.createTicket(ann, target);
	clock.stepWallClock(30_000);
	expect(redeem(tickets, late.ticket)).toBe("TOKEN_EXPIRED");
});

test("a ticket tells nothing of its caller, and cannot be changed or made", () => {
	const tickets = create();
	const { ticket } = tickets.createTicket(ann, target);
	expect(ticket).toMatch(/^wt_[A-Za-z0-9_-]+$/);
	expect(Buffer.from(ticket.slice(3), "base64url").toString("latin1")).not.toMatch(/ann|ops|watch/);
	const bytes = Buffer.from(ticket.slice(3), "base64url");
	for (const at of [0, 12, 20, bytes.length - 1]) {
		const changed = Buffer.from(bytes);
		changed[at] = (changed[at] as number) ^ 1;
		expect(redeem(tickets, `wt_${changed.toString("base64url")}`)).toBe("UNAUTHENTICATED");
	}
	for (const text of ["wt_", "wt_AAAA", `wt_${randomBytes(100).toString("base64url")}`]) {
		expect(redeem(tickets, text)).toBe("UNAUTHENTICATED");
	}
	expect(redeem(tickets, ticket)).toEqual(ann);
});

test("replicas of one secret redeem each other's tickets; others do not", () => {
	const secret = randomBytes(32);
	const [a, b, other] = [create({ secret }), create({ secret }), create()];
	const { ticket } = a.createTicket(ann, target);
	expect(redeem(other, ticket)).toBe("UNAUTHENTICATED");
	expect([redeem(a, ticket), redeem(b, ticket)]).toEqual([ann, ann]);
	expect([redeem(a, ticket), redeem(b, ticket)]).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
});

test("a ticket ends with its credential: at its time, and where it is revoked", () => {
	const tickets = create();
	const short = { ...ann, expireTimeMs: clock.nowMs() + 5_000 };
	const { ticket, expireTimeMs } = tickets.createTicket(short, target);
	expect(expireTimeMs).toBe(short.expireTimeMs);
	expect(redeem(tickets, ticket)).toEqual(short);
	let now: Principal | null = ann;
	const revocable = create({ current: () => now });
	const [first, second] = [1, 2].map(() => revocable.createTicket({ ...ann }, target).ticket);
	// The very principal that revocation ends.
	expect(redeem(revocable, first as string)).toBe(ann);
	now = null;
	expect(redeem(revocable, second as string)).toBe("UNAUTHENTICATED");
});

test("what a request has redeemed it may show again: each subscription of a WebSocket does", () => {
	let now: Principal | null | undefined;
	const tickets = create({ current: () => now });
	const { ticket: text } = tickets.createTicket(ann, target);
	const ticket = { text, principal: undefined };
	const carriers = carriersOf({ ticket, method: "GET", target });
	for (let calls = 0; calls < 3; calls++) {
		expect(tickets.authenticate(carriers, plainPeer)).toEqual(ann);
	}
	now = null;
	expect(() => tickets.authenticate(carriers, plainPeer)).toThrow("revoked");
});

test("the prefix of paths may be given or not", () => {
	const tickets = create({ basePath: "/wukong" });
	expect(redeem(tickets, tickets.createTicket(ann, `/wukong${target}`).ticket)).toEqual(ann);
	expect(redeem(tickets, tickets.createTicket(ann, target).ticket)).toEqual(ann);
});

test("a caller whose groups fit into no URL is told so", () => {
	const groups = Array.from({ length: 500 }, (_, at) => `a-group-with-a-name-${at}`);
	expect(() => create().createTicket({ ...ann, groups }, target)).toThrow("too many groups");
});

test("used tickets are remembered within a bound, and no ticket is redeemed past it", async () => {
	const tickets = create();
	for (let count = 0; count < 20_000; count++) {
		expect(redeem(tickets, tickets.createTicket(ann, target).ticket)).toEqual(ann);
	}
	const { ticket } = tickets.createTicket(ann, target);
	expect(redeem(tickets, ticket)).toBe("TOO_MANY_REQUESTS");
	clock.stepWallClock(29_999);
	expect(redeem(tickets, ticket)).toBe("TOO_MANY_REQUESTS");
	clock.stepWallClock(1);
	expect(redeem(tickets, tickets.createTicket(ann, target).ticket)).toEqual(ann);
});
