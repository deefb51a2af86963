import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApiKey, hashApiKey } from "../../../../server/src/auth/api-keys/api-key.ts";
import { createApiKeys } from "../../../../server/src/auth/api-keys/api-keys.ts";
import { formatKeyLine } from "../../../../server/src/auth/api-keys/key-file.ts";
import type { Authenticator } from "../../../../server/src/auth/authenticator.ts";
import { createCredentialGuards } from "../../../../server/src/auth/credential-guards.ts";
import type { Principal } from "../../../../server/src/caller.ts";
import { Failure, reasonName } from "../../../../server/src/failure.ts";
import { carriersOf, plainPeer } from "../../../support/carriers.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { until } from "../../../support/until.ts";

let folder = "";
let file = "";
let clock: FakeClock;
let loads = 0;
let faults: unknown[] = [];
let keys: Authenticator;
let guards: ReturnType<typeof createCredentialGuards>;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-keys-"));
	file = join(folder, "keys");
	clock = createFakeClock();
	guards = createCredentialGuards(clock);
	loads = 0;
	faults = [];
	const observer = {
		keysLoaded: () => void loads++,
		keysNotReloaded: (error: unknown) => void faults.push(error),
	};
	keys = createApiKeys({ file, clock, guards, observer });
});

afterEach(async () => {
	keys.stop?.();
	await rm(folder, { recursive: true });
});

function lineOf(key: string, name = "ci", expireTimeMs?: number, groups = ["ops"]): string {
	return formatKeyLine({ name, groups, expireTimeMs, sha256: hashApiKey(key) });
}

/** The principal, or the reason why there is none. */
function ask(token: string): unknown {
	try {
		return keys.authenticate(carriersOf({ token }), plainPeer);
	} catch (error) {
		return error instanceof Failure ? reasonName(error.reason) : error;
	}
}

/** Replaces the file, as mounted secrets are, and waits until it has been looked at. */
async function replace(...lines: readonly string[]): Promise<void> {
	await writeFile(`${file}.new`, lines.join("\n"));
	await rename(`${file}.new`, file);
	const before = loads + faults.length;
	await clock.advance(1_000);
	await until("the file is read", () => loads + faults.length > before);
	await until("the next look is set", () => clock.pendingTimers > 0);
}

test("a key is known by its SHA-256 alone; what is no key is another source's", async () => {
	const key = createApiKey();
	await writeFile(file, lineOf(key));
	await keys.start?.();
	expect(ask(key)).toMatchObject({ name: "ci", groups: ["ops"], method: "api-key" });
	expect(ask(key)).toBe(ask(key));
	expect(JSON.stringify(ask(key))).not.toContain(hashApiKey(key));
	expect(ask(createApiKey())).toBe("UNAUTHENTICATED");
	expect(ask(hashApiKey(key))).toBeUndefined();
	expect(ask(`wk_${hashApiKey(key)}`)).toBe("UNAUTHENTICATED");
});

test("a key is good until its time, and TOKEN_EXPIRED from then on", async () => {
	const key = createApiKey();
	await writeFile(file, lineOf(key, "ci", clock.nowMs() + 5_000));
	await keys.start?.();
	clock.stepWallClock(4_999);
	expect(ask(key)).toMatchObject({ expireTimeMs: clock.nowMs() + 1 });
	clock.stepWallClock(1);
	expect(ask(key)).toBe("TOKEN_EXPIRED");
});

test("a changed file is followed: a key that goes ends what is open by it, one that stays ends nothing", async () => {
	const [gone, stays, changes, comes] = [1, 2, 3, 4].map(() => createApiKey()) as [
		...({ length: 4 } & string[]),
	];
	await writeFile(file, [gone, stays, changes].map((key) => lineOf(key as string)).join("\n"));
	await keys.start?.();
	const ends: Record<string, string> = {};
	for (const [name, key] of Object.entries({ gone, stays, changes })) {
		guards.guardOf(ask(key as string) as Principal).onEnd((failure) => {
			ends[name] = reasonName(failure.reason);
		});
	}
	const changed = lineOf(changes as string, "ci", undefined, ["dev"]);
	await replace(lineOf(stays as string), changed, lineOf(comes as string));
	expect(ends).toEqual({ gone: "UNAUTHENTICATED", changes: "TOKEN_EXPIRED" });
	expect(ask(gone as string)).toBe("UNAUTHENTICATED");
	expect(ask(changes as string)).toMatchObject({ groups: ["dev"] });
	expect(ask(comes as string)).toMatchObject({ name: "ci" });
});

test("a broken file keeps the old keys, is told once, and is said to be wrong until it is not", async () => {
	const key = createApiKey();
	await writeFile(file, lineOf(key));
	await keys.start?.();
	await replace("nonsense");
	expect(ask(key)).toMatchObject({ name: "ci" });
	expect(keys.trouble?.()).toMatch(/^the API keys of before hold: .*: line 1: /);
	const looks = clock.delaysMs.length;
	await clock.advance(1_000);
	await until("the file is looked at again", () => clock.delaysMs.length > looks);
	expect(faults).toHaveLength(1);
	await replace(lineOf(createApiKey()));
	expect([ask(key), keys.trouble?.()]).toEqual(["UNAUTHENTICATED", undefined]);
});

test("a file that cannot be used at the start is refused, and names its fault", async () => {
	await expect(keys.start?.()).rejects.toThrow(/keys cannot be read: ENOENT$/);
	await writeFile(file, "nonsense");
	await expect(keys.start?.()).rejects.toThrow(/keys: line 1: /);
	expect(clock.pendingTimers).toBe(0);
});
