import { beforeEach, expect, test } from "vitest";
import type { Authenticator } from "../../../../server/src/auth/authenticator.ts";
import { createTokenReviews } from "../../../../server/src/auth/kubernetes/token-reviews.ts";
import type { Principal } from "../../../../server/src/caller.ts";
import { ErrorReason, Failure, reasonName } from "../../../../server/src/failure.ts";
import type { ReviewedUser } from "../../../../server/src/store/kubernetes/reviews/reviews.ts";
import { carriersOf, plainPeer } from "../../../support/carriers.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";

let clock: FakeClock;
let source: Authenticator;
let users: Map<string, ReviewedUser>;
let outage: Failure | undefined;
let asked: { token: string; audiences: readonly string[] }[];
let heard: string[];

const userOf = (username: string, more: Partial<ReviewedUser> = {}): ReviewedUser => ({
	...{ username, uid: "", groups: [], extra: {} },
	...more,
});

beforeEach(() => {
	clock = createFakeClock();
	users = new Map();
	outage = undefined;
	asked = [];
	heard = [];
	source = createTokenReviews({
		reviews: {
			async reviewToken(token, audiences) {
				asked.push({ token, audiences });
				if (outage !== undefined) throw outage;
				return users.get(token);
			},
		},
		audiences: ["wukong"],
		clock,
		onTrouble: () => void heard.push("trouble"),
		onRecovery: () => void heard.push("recovery"),
	});
});

/** The principal, or the reason why there is none. */
async function ask(
	token: string | undefined,
	address = "192.0.2.1",
): Promise<Principal | string | undefined> {
	try {
		return await source.authenticate(carriersOf({ token }), plainPeer, address);
	} catch (error) {
		if (error instanceof Failure) return reasonName(error.reason);
		throw error;
	}
}

function jwtOf(claims: object): string {
	const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
	return `${part({ alg: "RS256" })}.${part(claims)}.c2ln`;
}

test("whoever the cluster says is the caller, with system: names, uid and attributes, but without what names the token", async () => {
	users.set(
		"t",
		userOf("system:serviceaccount:web:deployer", {
			uid: "u-1",
			groups: ["system:serviceaccounts", "system:masters"],
			extra: { scopes: ["a", "b"], "authentication.kubernetes.io/credential-id": ["JTI=1"] },
		}),
	);
	expect(await ask("t")).toEqual({
		name: "system:serviceaccount:web:deployer",
		groups: ["system:serviceaccounts", "system:masters"],
		method: "kubernetes",
		expireTimeMs: undefined,
		credentialId: expect.stringMatching(/^kubernetes:[0-9a-f]{16}$/),
		uid: "u-1",
		extra: { scopes: ["a", "b"] },
	});
	expect(asked).toEqual([{ token: "t", audiences: ["wukong"] }]);
});

test("a good token is reviewed once a minute, and known at once in between", async () => {
	users.set("t", userOf("ann"));
	await Promise.all([ask("t"), ask("t"), ask("t")]);
	const known = source.authenticate(carriersOf({ token: "t" }), plainPeer);
	expect(known).toMatchObject({ name: "ann" });
	expect(asked.length).toBe(1);
	await clock.advance(59_999);
	expect(source.authenticate(carriersOf({ token: "t" }), plainPeer)).toBe(known);
	users.delete("t");
	await clock.advance(1);
	expect(await ask("t")).toBeUndefined();
	expect(asked.length).toBe(2);
});

test("a token that is nobody's is asked about once in five seconds, and any number of them push out no good one", async () => {
	users.set("good", userOf("ann"));
	await ask("good");
	// One address may not ask so often.
	for (let count = 0; count < 12_000; count++) {
		const address = `198.51.${count >> 8}.${count & 255}`;
		expect(await ask(`made-up-${count}`, address)).toBeUndefined();
	}
	asked.length = 0;
	expect(await ask("good")).toMatchObject({ name: "ann" });
	for (let count = 0; count < 5; count++) expect(await ask("made-up-11999")).toBeUndefined();
	expect(asked).toEqual([]);
	users.set("made-up-11999", userOf("late"));
	await clock.advance(5_000);
	expect(await ask("made-up-11999")).toMatchObject({ name: "late" });
});

test("a JWT's exp ends the credential: TOKEN_EXPIRED without a question, whatever the cluster would say", async () => {
	const exp = Math.floor(clock.nowMs() / 1_000) + 30;
	const token = jwtOf({ exp });
	users.set(token, userOf("ann"));
	expect(await ask(token)).toMatchObject({ expireTimeMs: exp * 1_000 });
	await clock.advance(exp * 1_000 - clock.nowMs());
	expect(await ask(token)).toBe("TOKEN_EXPIRED");
	expect(asked.length).toBe(1);
	for (const claims of [{ exp: "soon" }, { exp: Number.NaN }, {}]) {
		const odd = jwtOf({ ...claims, jti: Math.random() });
		users.set(odd, userOf("odd"));
		expect(await ask(odd)).toMatchObject({ name: "odd", expireTimeMs: undefined });
	}
});

test("an API server out of reach is UPSTREAM_UNAVAILABLE and never a yes; what is known holds for its time; told once", async () => {
	users.set("known", userOf("ann"));
	users.set("new", userOf("ben"));
	await ask("known");
	outage = new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "words of ours");
	expect(await ask("new")).toBe("UPSTREAM_UNAVAILABLE");
	expect(await ask("new")).toBe("UPSTREAM_UNAVAILABLE");
	expect(await ask("known")).toMatchObject({ name: "ann" });
	expect(source.trouble?.()).toContain("words of ours");
	await clock.advance(60_000);
	expect(await ask("known")).toBe("UPSTREAM_UNAVAILABLE");
	outage = undefined;
	expect(await ask("known")).toMatchObject({ name: "ann" });
	expect(source.trouble?.()).toBeUndefined();
	expect(heard).toEqual(["trouble", "recovery"]);
});

test.each([
	["a control character in the name", userOf("ann\n")],
	["a control character in a group", userOf("ann", { groups: ["a\0b"] })],
	["a control character in an attribute", userOf("ann", { extra: { scopes: ["\r"] } })],
	["a name without end", userOf("a".repeat(2_000))],
	["groups without end", userOf("ann", { groups: Array(600).fill("g") })],
])("%s is UNAUTHENTICATED", async (_, user) => {
	users.set("t", user);
	expect(await ask("t")).toBe("UNAUTHENTICATED");
});

test("a call that shows no token is not of this source", async () => {
	expect(await ask(undefined)).toBeUndefined();
	expect(asked).toEqual([]);
});

test("tokens that are nobody's are reviewed so often for each address; known ones and other addresses are not refused for them", async () => {
	users.set("known", userOf("known"));
	users.set("new", userOf("new"));
	expect(await ask("known")).toMatchObject({ name: "known" });
	for (let at = 0; at < 100; at++) await ask(`nobody-${at}`, "2001:db8:0:1::1");
	for (let at = 0; at < 100; at++) await ask(`nobody-${at}`);
	expect(asked).toHaveLength(1 + 20 + 20);
	expect(await ask("nobody")).toBe("TOO_MANY_REQUESTS");
	expect(await ask("nobody", "2001:db8:0:1:ffff::1")).toBe("TOO_MANY_REQUESTS");
	expect(await ask("known")).toMatchObject({ name: "known" });
	expect(await ask("new", "192.0.2.2")).toMatchObject({ name: "new" });
	await clock.advance(1_000);
	expect(await ask("nobody")).toBe(undefined);
	expect(await ask("nobody else")).toBe("TOO_MANY_REQUESTS");
});

test("good tokens, and those of an outage, use up nothing of that", async () => {
	for (let at = 0; at < 50; at++) {
		users.set(`good-${at}`, userOf("good"));
		expect(await ask(`good-${at}`)).toMatchObject({ name: "good" });
	}
	outage = new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "down", { retryAfterMs: 1_000 });
	for (let at = 0; at < 50; at++) expect(await ask(`t-${at}`)).toBe("UPSTREAM_UNAVAILABLE");
});
