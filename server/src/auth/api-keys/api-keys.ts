import type { Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import type { Authenticator } from "../authenticator.ts";
import type { CredentialGuards } from "../credential-guards.ts";
import { changed, expired, notValid, revoked } from "../failures.ts";
import { createPolledFile } from "../polled-file.ts";
import { apiKeyPrefix, hashApiKey } from "./api-key.ts";
import { type ApiKeyEntry, parseKeyFile } from "./key-file.ts";

/** Hears of a file of API keys. */
export interface ApiKeysObserver {
	/** The file was read; at the start, and whenever it has changed. */
	keysLoaded(keys: number): void;
	/** The file cannot be used; the keys that were there hold. */
	keysNotReloaded(error: unknown): void;
}

/** Keys by their SHA-256. The same principal stands for a key as long as its line says the same. */
type Keys = ReadonlyMap<string, Principal>;

/**
 * Creates the source of identities that API keys are. A key that leaves the file, or whose line
 * changes, ends what is open by it.
 */
export function createApiKeys(options: {
	readonly file: string;
	readonly clock: Clock;
	readonly guards: Pick<CredentialGuards, "end">;
	readonly observer: ApiKeysObserver;
}): Authenticator {
	const { file, clock, guards, observer } = options;
	let keys: Keys = new Map();
	let byId: Keys = new Map();

	const use = (text: string) => {
		const old = keys;
		const entries = parseKeyFile(text, file);
		keys = new Map(entries.map((entry) => [entry.sha256, principalOf(entry, old)]));
		byId = new Map([...keys.values()].map((principal) => [principal.credentialId, principal]));
		for (const [sha256, principal] of old) {
			const now = keys.get(sha256);
			if (now === principal) continue;
			guards.end(principal, now === undefined ? revoked() : changed());
		}
		observer.keysLoaded(keys.size);
	};
	const polled = createPolledFile({ file, use, onFault: observer.keysNotReloaded, clock });

	return {
		authenticate({ token }) {
			if (token?.startsWith(apiKeyPrefix) !== true) return undefined;
			const principal = keys.get(hashApiKey(token));
			if (principal === undefined) throw notValid();
			const { expireTimeMs } = principal;
			if (expireTimeMs !== undefined && expireTimeMs <= clock.nowMs()) throw expired();
			return principal;
		},
		current: (credentialId) =>
			credentialId.startsWith(idPrefix) ? (byId.get(credentialId) ?? null) : undefined,
		start: polled.start,
		stop: polled.stop,
		trouble: () =>
			polled.fault === undefined ? undefined : `the API keys of before hold: ${polled.fault}`,
	};
}

const idPrefix = "api-key:";

function principalOf({ sha256, name, groups, expireTimeMs }: ApiKeyEntry, old: Keys): Principal {
	const before = old.get(sha256);
	const isSame =
		before?.name === name &&
		before.expireTimeMs === expireTimeMs &&
		before.groups.join() === groups.join();
	if (isSame) return before;
	const credentialId = idPrefix + sha256.slice(0, 16);
	return Object.freeze({ name, groups, method: "api-key", expireTimeMs, credentialId });
}
