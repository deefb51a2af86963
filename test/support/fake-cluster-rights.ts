import {
	type ClusterAuthorizer,
	type ClusterAuthorizerOptions,
	createClusterAuthorizer,
} from "../../server/src/auth/kubernetes/cluster-authorizer.ts";
import type { Failure } from "../../server/src/failure.ts";
import type { FakeClock } from "./fake-clock.ts";

/** The rights of a cluster that a test plays by hand, and the authorizer that asks for them. */
export interface FakeClusterRights {
	readonly authorizer: ClusterAuthorizer;
	/** Reviews in their order, as in `ann update wukongs/power a/web`. */
	readonly asked: string[];
	/** What is allowed, likewise; a place may be `*`. */
	readonly allowed: Set<string>;
	/** From now on reviews fail; undefined: they are answered again. */
	outage: Failure | undefined;
	/** Answers what is asked from now on when `release` is called, as it was when it was asked. */
	hold(): void;
	release(): void;
	/** There are Wukongs in another namespace. */
	appear(namespace: string): void;
}

export function createFakeClusterRights(
	clock: FakeClock,
	options: Partial<ClusterAuthorizerOptions> = {},
): FakeClusterRights {
	const names = new Set<string>();
	const callbacks: (() => void)[] = [];
	let revision = 0;
	let held: (() => void)[] | undefined;
	const fake: FakeClusterRights = {
		asked: [],
		allowed: new Set(),
		outage: undefined,
		hold() {
			held = [];
		},
		release() {
			const before = held ?? [];
			held = undefined;
			for (const answer of before) answer();
		},
		appear(namespace) {
			names.add(namespace);
			revision++;
			for (const callback of callbacks) callback();
		},
		authorizer: createClusterAuthorizer({
			reviews: {
				reviewAccess({ username }, { verb, resource, subresource, namespace, name }) {
					const right = `${username} ${verb} ${resource}${subresource && `/${subresource}`}`;
					const place = `${namespace}${name && `/${name}`}`;
					fake.asked.push(`${right} ${place}`.trim());
					if (fake.outage !== undefined) return Promise.reject(fake.outage);
					// A right to one object is none to all of them.
					const places = ["*", namespace, place];
					const is = places.some((one) => fake.allowed.has(`${right} ${one}`.trim()));
					const { promise, resolve } = Promise.withResolvers<boolean>();
					if (held === undefined) resolve(is);
					else held.push(() => resolve(is));
					return promise;
				},
			},
			namespaces: {
				names,
				get revision() {
					return revision;
				},
				onAppear: (callback) => void callbacks.push(callback),
			},
			served: "",
			writesAs: "service",
			maxReviewsPerSecond: 100,
			clock,
			random: () => 0.5,
			onTrouble() {},
			onRecovery() {},
			...options,
		}),
	};
	return fake;
}
