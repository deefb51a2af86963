import type { JsonObject } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Failure, reasonName } from "../../../../../server/src/failure.ts";
import {
	type ClusterReviews,
	createClusterReviews,
} from "../../../../../server/src/store/kubernetes/reviews/cluster-reviews.ts";
import {
	answerJson,
	type FakeApiServer,
	startFakeApiServer,
} from "../../../../support/fake-api-server.ts";
import { createFakeClock, type FakeClock } from "../../../../support/fake-clock.ts";

let clock: FakeClock;
let server: FakeApiServer;
let reviews: ClusterReviews;
let seen: { path: string; body: JsonObject }[];
let answer: { code: number; body: JsonObject };

beforeEach(async () => {
	clock = createFakeClock();
	server = await startFakeApiServer(clock);
	seen = [];
	server.foreign = async ({ method, path, body }, response) => {
		seen.push({ path: `${method} ${path}`, body });
		answerJson(response, answer.code, answer.body);
	};
	const kubeconfig = { kubeconfig: "", context: "" };
	reviews = createClusterReviews({ kubeconfig, clock, open: async () => server.access });
	await reviews.start();
});
afterEach(async () => {
	reviews.close();
	await server.close();
});

const says = (status: JsonObject) => {
	answer = { code: 201, body: { status } };
};
const user = { username: "ann", uid: "1", groups: ["g"], extra: { scopes: ["a"] } };

test("a TokenReview asks with the audiences, and is a user only where the answer is for one of them", async () => {
	says({ authenticated: true, user, audiences: ["other", "wukong"] });
	expect(await reviews.reviewToken("t", ["wukong"])).toEqual(user);
	expect(seen).toEqual([
		{
			path: "POST /apis/authentication.k8s.io/v1/tokenreviews",
			body: {
				...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview" },
				spec: { token: "t", audiences: ["wukong"] },
			},
		},
	]);
	for (const audiences of [undefined, [], ["other"], "wukong"]) {
		says({ authenticated: true, user, ...(audiences !== undefined && { audiences }) });
		expect(await reviews.reviewToken("t", ["wukong"])).toBeUndefined();
	}
	says({ authenticated: true, user });
	expect(await reviews.reviewToken("t", [])).toEqual(user);
	expect(seen.at(-1)?.body.spec).toEqual({ token: "t" });
});

test("what is not a plain yes is nobody", async () => {
	for (const status of [
		{},
		{ authenticated: false, user },
		{ authenticated: "true", user },
		{ authenticated: true },
		{ authenticated: true, user: { username: "" } },
		{ authenticated: false, error: "of upstream" },
	] as JsonObject[]) {
		says(status);
		expect(await reviews.reviewToken("t", [])).toBeUndefined();
	}
});

test("a SubjectAccessReview tells the whole user; only allowed and not denied is a yes", async () => {
	const attributes = {
		...{ verb: "update", group: "vm.novasphere.dev", resource: "wukongs" },
		...{ subresource: "power", namespace: "a", name: "web" },
	};
	says({ allowed: true });
	expect(await reviews.reviewAccess(user, attributes)).toBe(true);
	expect(seen[0]?.path).toBe("POST /apis/authorization.k8s.io/v1/subjectaccessreviews");
	expect(seen[0]?.body.spec).toEqual({
		...{ user: "ann", uid: "1", groups: ["g"], extra: { scopes: ["a"] } },
		resourceAttributes: attributes,
	});
	for (const status of [{}, { allowed: "yes" }, { allowed: true, denied: true }] as JsonObject[]) {
		says(status);
		expect(await reviews.reviewAccess(user, attributes)).toBe(false);
	}
});

test.each([
	["a refusal of the service itself", { code: 403, body: { message: "secret RoleBinding" } }],
	["a failure", { code: 500, body: { message: "secret t-o-k-e-n" } }],
	["an answer that is no review", { code: 200, body: [] as unknown as JsonObject }],
])("%s is UPSTREAM_UNAVAILABLE in our own words; no token is in what is logged", async (_, bad) => {
	answer = bad;
	const failure: Failure = await reviews.reviewToken("t-o-k-e-n", []).then(
		() => expect.unreachable(),
		(error) => error,
	);
	expect(reasonName(failure.reason)).toBe("UPSTREAM_UNAVAILABLE");
	expect(failure.message).not.toContain("secret");
	expect(String(failure.cause)).not.toContain("t-o-k-e-n");
});

test("an answer that does not come is UPSTREAM_UNAVAILABLE after five seconds", async () => {
	server.foreign = async () => {};
	let outcome: unknown;
	const asked = reviews.reviewToken("t", []).catch((error) => {
		outcome = reasonName(error.reason);
	});
	while (outcome === undefined) {
		await clock.advance(1_000);
		await new Promise(setImmediate);
	}
	await asked;
	expect(outcome).toBe("UPSTREAM_UNAVAILABLE");
});
