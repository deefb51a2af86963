import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Authenticator } from "../../../../server/src/auth/authenticator.ts";
import { createOidc, type OidcOptions } from "../../../../server/src/auth/oidc/oidc.ts";
import type { Principal } from "../../../../server/src/caller.ts";
import { Failure, reasonName } from "../../../../server/src/failure.ts";
import { carriersOf, plainPeer } from "../../../support/carriers.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { type FakeIssuer, startFakeIssuer } from "../../../support/fake-issuer.ts";
import { until } from "../../../support/until.ts";

let clock: FakeClock;
let issuer: FakeIssuer;
let source: Authenticator;
let heard: string[] = [];

beforeEach(async () => {
	clock = createFakeClock();
	issuer = await startFakeIssuer(clock);
	heard = [];
	source = create();
});
afterEach(async () => {
	source.stop?.();
	await issuer[Symbol.asyncDispose]();
});

function create(options: Partial<OidcOptions> = {}): Authenticator {
	return createOidc({
		...{ issuer: issuer.url, audience: "web", nameClaim: "sub", groupsClaim: "groups" },
		...{ prefix: "oidc:", clock, cooldownMs: 0 },
		onTrouble: () => void heard.push("trouble"),
		onRecovery: () => void heard.push("recovery"),
		...options,
	});
}

/** The principal, or the reason why there is none. */
async function ask(token: string): Promise<Principal | string | undefined> {
	try {
		return await source.authenticate(carriersOf({ token }), plainPeer);
	} catch (error) {
		if (error instanceof Failure) return reasonName(error.reason);
		throw error;
	}
}

const nowS = () => Math.floor(clock.nowMs() / 1_000);

test("a good token is its subject with its groups, under the prefix, until its time and the forgiven skew", async () => {
	await source.start?.();
	expect(await ask(await issuer.sign())).toEqual({
		...{ name: "oidc:ann", groups: ["oidc:dev"], method: "oidc" },
		expireTimeMs: (nowS() + 300) * 1_000 + 30_000,
		credentialId: expect.stringMatching(/^oidc:[0-9a-f]{16}$/),
	});
	expect(await ask(await issuer.sign({ aud: ["x", "web"], groups: "ops" }))).toMatchObject({
		groups: ["oidc:ops"],
	});
	expect(await ask(await issuer.sign({ groups: undefined }))).toMatchObject({ groups: [] });
});

describe("a token is refused", () => {
	const long = "x".repeat(257);
	test.each<[string, () => Promise<string> | string, string]>([
		["that has expired", () => issuer.sign({ exp: nowS() - 31 }), "TOKEN_EXPIRED"],
		["that does not expire", () => issuer.sign({ exp: undefined }), "UNAUTHENTICATED"],
		["that is not valid yet", () => issuer.sign({ nbf: nowS() + 31 }), "UNAUTHENTICATED"],
		["for another audience", () => issuer.sign({ aud: "other" }), "UNAUTHENTICATED"],
		["for no audience", () => issuer.sign({ aud: undefined }), "UNAUTHENTICATED"],
		["without a signature (alg: none)", () => issuer.unsigned(), "UNAUTHENTICATED"],
		[
			"that the public key has signed as HS256",
			() => issuer.signWithPublicKey(),
			"UNAUTHENTICATED",
		],
		["of a foreign key", () => issuer.signForeign(), "UNAUTHENTICATED"],
		["of an unknown key", () => issuer.sign({}, { kid: "other" }), "UNAUTHENTICATED"],
		[
			"whose name is Kubernetes' own",
			() => issuer.sign({ sub: "system:admin" }),
			"UNAUTHENTICATED",
		],
		[
			"whose group is Kubernetes' own",
			() => issuer.sign({ groups: ["a", "System:masters"] }),
			"UNAUTHENTICATED",
		],
		["without a name", () => issuer.sign({ sub: undefined }), "UNAUTHENTICATED"],
		["with an empty name", () => issuer.sign({ sub: "" }), "UNAUTHENTICATED"],
		["with a long name", () => issuer.sign({ sub: long }), "UNAUTHENTICATED"],
		["with a name that breaks lines", () => issuer.sign({ sub: "a\nb" }), "UNAUTHENTICATED"],
		["with a group that is no text", () => issuer.sign({ groups: [{}] }), "UNAUTHENTICATED"],
		[
			"with too many groups",
			() => issuer.sign({ groups: Array(501).fill("a") }),
			"UNAUTHENTICATED",
		],
	])("%s", async (_, make, reason) => {
		await source.start?.();
		expect(await ask(await make())).toBe(reason);
	});

	test("whose address is not verified, where that is the name", async () => {
		source = create({ nameClaim: "email" });
		await source.start?.();
		const email = "ann@example.org";
		expect(await ask(await issuer.sign({ email, email_verified: false }))).toBe("UNAUTHENTICATED");
		expect(await ask(await issuer.sign({ email, email_verified: true }))).toMatchObject({
			name: `oidc:${email}`,
		});
	});

	test("whose name becomes Kubernetes' own by a prefix", async () => {
		source = create({ prefix: "system:" });
		await source.start?.();
		expect(await ask(await issuer.sign())).toBe("UNAUTHENTICATED");
	});
});

test("a skew of clocks of 30 s is forgiven", async () => {
	await source.start?.();
	const tokens = [issuer.sign({ exp: nowS() - 29 }), issuer.sign({ nbf: nowS() + 30 })];
	for (const token of tokens) expect(await ask(await token)).toMatchObject({ name: "oidc:ann" });
});

test("what is no token of this issuer is another source's", async () => {
	await source.start?.();
	const other = await issuer.sign({ iss: "https://other.example" });
	for (const token of [other, "wk_x", "a.b.c", "a.b", "....."])
		expect(await ask(token)).toBeUndefined();
});

test("a token is verified once, not at each call, and again after ten minutes", async () => {
	await source.start?.();
	const token = await issuer.sign({ exp: nowS() + 3_600 });
	const [first, second] = await Promise.all([ask(token), ask(token)]);
	expect(first).toBe(second);
	expect(source.authenticate(carriersOf({ token }), plainPeer)).toBe(first);
	clock.stepWallClock(599_999);
	expect(source.authenticate(carriersOf({ token }), plainPeer)).toBe(first);
	clock.stepWallClock(1);
	expect(await ask(token)).not.toBe(first);
});

test("a token that was good is TOKEN_EXPIRED after its time", async () => {
	await source.start?.();
	const token = await issuer.sign();
	expect(await ask(token)).toMatchObject({ name: "oidc:ann" });
	clock.stepWallClock(330_000);
	expect(await ask(token)).toBe("TOKEN_EXPIRED");
});

test("a rotated key is found when the first token of it comes; the withdrawn one is good no more", async () => {
	await source.start?.();
	const [old, late] = [await issuer.sign(), await issuer.sign({ sub: "late" })];
	expect(await ask(old)).toMatchObject({ name: "oidc:ann" });
	await issuer.rotate();
	expect(await ask(await issuer.sign())).toMatchObject({ name: "oidc:ann" });
	expect(await ask(late)).toBe("UNAUTHENTICATED");
});

test("tokens of unknown keys do not make the issuer be asked at each", async () => {
	source = create({ cooldownMs: 30_000 });
	await source.start?.();
	for (const kid of ["a", "b", "c", "d"]) {
		expect(await ask(await issuer.sign({}, { kid }))).toBe("UNAUTHENTICATED");
	}
	expect(issuer.keyRequests).toBe(1);
});

test("an issuer that is down at the start is told of, and its tokens are UNAVAILABLE until it is there", async () => {
	issuer.setDown(true);
	await source.start?.();
	const token = await issuer.sign();
	expect(await ask(token)).toBe("UPSTREAM_UNAVAILABLE");
	expect(source.trouble?.()).toMatch(/^the identity provider http.* cannot be asked/);
	issuer.setDown(false);
	await clock.advance(5_000);
	await until("it is asked again", () => source.trouble?.() === undefined);
	expect(await ask(token)).toMatchObject({ name: "oidc:ann" });
	expect(heard).toEqual(["trouble", "recovery"]);
});

test("an issuer that goes down later is told of when it is next asked; what it has said holds, what is new is UNAVAILABLE", async () => {
	await source.start?.();
	const token = await issuer.sign();
	expect(await ask(token)).toMatchObject({ name: "oidc:ann" });
	issuer.setDown(true);
	await clock.advance(300_000);
	await until("it is asked again", () => source.trouble?.() !== undefined);
	await issuer.rotate();
	expect(await ask(await issuer.sign())).toBe("UPSTREAM_UNAVAILABLE");
	issuer.setDown(false);
	await clock.advance(5_000);
	await until("it is asked again", () => source.trouble?.() === undefined);
	expect(await ask(await issuer.sign())).toMatchObject({ name: "oidc:ann" });
});

test("a call meets an outage that no look has met yet: UNAVAILABLE, and a look soon", async () => {
	await source.start?.();
	await ask(await issuer.sign());
	issuer.setDown(true);
	expect(await ask(await issuer.sign({}, { kid: "new" }))).toBe("UPSTREAM_UNAVAILABLE");
	expect(source.trouble?.()).toBeDefined();
	issuer.setDown(false);
	await clock.advance(5_000);
	await until("it is asked again", () => source.trouble?.() === undefined);
});

test("calls that meet an outage again and again do not put the next look off", async () => {
	await source.start?.();
	await ask(await issuer.sign());
	issuer.setDown(true);
	const unknown = await issuer.sign({}, { kid: "new" });
	expect(await ask(unknown)).toBe("UPSTREAM_UNAVAILABLE");
	await clock.advance(4_000);
	expect(await ask(unknown)).toBe("UPSTREAM_UNAVAILABLE");
	issuer.setDown(false);
	await clock.advance(1_000);
	await until("it is asked again", () => source.trouble?.() === undefined);
	expect(heard).toEqual(["trouble", "recovery"]);
});

test("an issuer that names another one is not believed (OpenID Connect Discovery 1.0, 4.3)", async () => {
	await using liar = await startFakeIssuer(clock, "https://login.example.com");
	source = create({ issuer: liar.url });
	await source.start?.();
	expect(await ask(await liar.sign())).toBe("UPSTREAM_UNAVAILABLE");
});
