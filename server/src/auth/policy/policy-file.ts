import type { Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import { createNamespaceSet } from "../../resource/namespace-set.ts";
import type { Authorizer, Decision, Question } from "../authorizer.ts";
import { createPolledFile, PolledFileError } from "../polled-file.ts";
import { parsePolicy } from "./parse-policy.ts";
import { type Policy, type Rights, rightsOf } from "./policy.ts";

/** An authorizer that follows a file. */
export interface PolicyFile extends Authorizer {
	/** Reads the file and starts to poll it. @throws PolledFileError, with a line for each fault */
	start(): Promise<void>;
	stop(): void;
	/** Says why the file does not count as it is now, in one line; undefined: it does. */
	trouble(): string | undefined;
}

/** Hears what becomes of the file. */
export interface PolicyObserver {
	/** The file has changed, and counts. */
	policyReloaded(): void;
	/** The file cannot be used; what was read before still counts. Told once for each state of it. */
	policyNotReloaded(error: unknown): void;
}

/** Most faults that are named. */
const maxFaults = 100;

const allowed: Decision = { allowed: true, reason: "the policy allows it" };
const denied: Decision = { allowed: false, reason: "no role that the policy gives you allows it" };

const none = createNamespaceSet([]);

/**
 * Creates the authorizer of a policy file. What a principal may do is worked out once for each object
 * that stands for it.
 */
export function createPolicyFile(options: {
	readonly file: string;
	readonly clock: Clock;
	readonly observer: PolicyObserver;
}): PolicyFile {
	const { file, clock, observer } = options;
	const listeners = new Set<() => void>();
	let policy: Policy = { bindings: [] };
	let rights = new WeakMap<Principal, Rights>();
	let isLoaded = false;

	const polled = createPolledFile({
		file,
		clock,
		onFault: observer.policyNotReloaded,
		use(text) {
			policy = policyOf(text, file);
			rights = new WeakMap();
			if (isLoaded) observer.policyReloaded();
			isLoaded = true;
			for (const listener of [...listeners]) listener();
		},
	});
	const find = (principal: Principal): Rights => {
		let found = rights.get(principal);
		if (found === undefined) {
			found = rightsOf(policy, principal);
			rights.set(principal, found);
		}
		return found;
	};

	return {
		decide(principal: Principal, { verb, namespace }: Question) {
			const namespaces = find(principal).get(verb);
			if (namespaces === undefined) return denied;
			return namespaces === "" || namespaces.has(namespace) ? allowed : denied;
		},
		namespacesOf: (principal, verb) => find(principal).get(verb) ?? none,
		onChange(callback) {
			// A function of its own: the same one may be given twice.
			const own = () => callback();
			listeners.add(own);
			return () => void listeners.delete(own);
		},
		start: polled.start,
		stop: polled.stop,
		trouble: () =>
			polled.fault && "the policy file cannot be used as it is; what it said before counts",
	};
}

/** @throws PolledFileError with a line for each fault */
function policyOf(text: string, file: string): Policy {
	const parsed = parsePolicy(text);
	if (parsed.kind === "policy") return parsed.policy;
	const lines = parsed.faults
		.slice(0, maxFaults)
		.map(({ line, problem }) => `${file}:${line}: ${problem}`);
	throw new PolledFileError(lines.join("\n"));
}
