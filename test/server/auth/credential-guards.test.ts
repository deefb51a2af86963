import { expect, test, vi } from "vitest";
import { createCredentialGuards } from "../../../server/src/auth/credential-guards.ts";
import { revoked } from "../../../server/src/auth/failures.ts";
import type { Principal } from "../../../server/src/caller.ts";
import { ErrorReason, type Failure } from "../../../server/src/failure.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

function principalOf(expireTimeMs?: number): Principal {
	return { name: "ann", groups: [], method: "test", credentialId: "a", expireTimeMs };
}

/** Reasons that a stream of the principal was ended with. */
function open(guards: ReturnType<typeof createCredentialGuards>, principal: Principal) {
	const reasons: ErrorReason[] = [];
	const release = guards
		.guardOf(principal)
		.onEnd(({ reason }: Failure) => void reasons.push(reason));
	return { reasons, release };
}

test("a stream ends at the time of its credential, not before: TOKEN_EXPIRED", async () => {
	const clock = createFakeClock();
	const guards = createCredentialGuards(clock);
	const principal = principalOf(clock.nowMs() + 150_000);
	const streams = [open(guards, principal), open(guards, principal)];
	await clock.advance(149_999);
	expect(streams.map(({ reasons }) => reasons)).toEqual([[], []]);
	await clock.advance(1);
	const expired = [ErrorReason.TOKEN_EXPIRED];
	expect(streams.map(({ reasons }) => reasons)).toEqual([expired, expired]);
	expect(open(guards, principal).reasons).toEqual(expired);
});

test("a credential whose time is over ends a stream at once", () => {
	const clock = createFakeClock();
	const { reasons } = open(createCredentialGuards(clock), principalOf(clock.nowMs()));
	expect(reasons).toEqual([ErrorReason.TOKEN_EXPIRED]);
});

test("what is revoked ends what is open by it, and what was about to open", () => {
	const clock = createFakeClock();
	const guards = createCredentialGuards(clock);
	const [gone, stays] = [principalOf(), principalOf()];
	const streams = [open(guards, gone), open(guards, stays)];
	guards.end(gone, revoked());
	guards.end(gone, revoked());
	const late = open(guards, gone);
	const ended = [ErrorReason.UNAUTHENTICATED];
	expect([...streams, late].map(({ reasons }) => reasons)).toEqual([ended, [], ended]);
});

test("no timer is left where no stream is open, and a stream that has gone is not told", async () => {
	const clock = createFakeClock();
	const setTimer = vi.spyOn(clock, "setTimer");
	const guards = createCredentialGuards(clock);
	const principal = principalOf(clock.nowMs() + 30 * 24 * 60 * 60_000);
	const streams = [open(guards, principal), open(guards, principal), open(guards, principal)];
	expect(setTimer).toHaveBeenCalledTimes(1);
	await clock.advance(60_000);
	expect(setTimer).toHaveBeenCalledTimes(2);
	for (const { release } of streams) release();
	setTimer.mockClear();
	await clock.advance(31 * 24 * 60 * 60_000);
	expect(setTimer).not.toHaveBeenCalled();
	expect(streams.map(({ reasons }) => reasons)).toEqual([[], [], []]);
});
