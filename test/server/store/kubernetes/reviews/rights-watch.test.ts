import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApiCalls } from "../../../../../server/src/store/kubernetes/api-calls.ts";
import {
	createRightsWatch,
	type RightsWatch,
} from "../../../../../server/src/store/kubernetes/reviews/rights-watch.ts";
import {
	answerJson,
	type FakeApiServer,
	startFakeApiServer,
} from "../../../../support/fake-api-server.ts";
import { createFakeClock, type FakeClock } from "../../../../support/fake-clock.ts";
import { until, untilMoving } from "../../../../support/until.ts";

const kinds = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"];

let clock: FakeClock;
let server: FakeApiServer;
let watch: RightsWatch;
let changes: number;
/** Version of the lists of roles; the others stay at 100. */
let version: string;
/** Refuses lists of roles; undefined: none is refused. */
let refusal: number | undefined;
/** The watch of each kind that was opened last. */
let watches: Map<string, ServerResponse>;

beforeEach(async () => {
	clock = createFakeClock();
	server = await startFakeApiServer(clock);
	changes = 0;
	version = "100";
	refusal = undefined;
	watches = new Map();
	const isListed = new Set<string>();
	server.foreign = async ({ path }, response) => {
		const kind = path.split("/").at(-1) ?? "";
		// Each watch begins from a list of its own.
		if (isListed.delete(kind)) {
			response.writeHead(200, { "content-type": "application/json" });
			response.flushHeaders();
			watches.set(kind, response);
			return;
		}
		if (kind === "roles" && refusal !== undefined) return answerJson(response, refusal, {});
		isListed.add(kind);
		const resourceVersion = kind === "roles" ? version : "100";
		answerJson(response, 200, { metadata: { resourceVersion } });
	};
	const calls = createApiCalls({ access: server.access, connectTimeoutMs: 60_000, clock });
	watch = createRightsWatch({ onChange: () => changes++, clock, random: () => 0 });
	watch.start(calls);
	await until("all are followed", () => isFollowed(4));
	expect(changes).toBe(4);
});
afterEach(async () => {
	await watch.stop();
	await server.close();
});

const isFollowed = (count: number) =>
	watches.size === 4 &&
	watch.notes().filter((note) => note.endsWith(": followed")).length === count;
const noteOf = (kind: string) => watch.notes().find((note) => note.startsWith(`${kind}.`));

/** Sends a line on the watch of a kind. */
function send(kind: string, type: string, object: object): void {
	watches.get(kind)?.write(`${JSON.stringify({ type, object })}\n`);
}

/** Waits for the next watch of a kind, while time goes on. */
async function reopened(kind: string, before: ServerResponse | undefined): Promise<void> {
	await untilMoving(clock, "it is watched again", () => {
		return watches.get(kind) !== before && noteOf(kind)?.endsWith(": followed") === true;
	});
}

test.each(kinds)("each event of %s is a change; a bookmark is none", async (kind) => {
	const metadata = { name: "a", uid: "1", resourceVersion: "101" };
	send(kind, "BOOKMARK", { metadata: { resourceVersion: "105" } });
	for (const type of ["ADDED", "MODIFIED", "DELETED"]) send(kind, type, { metadata });
	await until("all came", () => changes >= 7);
	expect(changes).toBe(7);
});

test("a watch that the API server ends goes on from its place: nothing has changed", async () => {
	const before = watches.get("roles");
	before?.end();
	await reopened("roles", before);
	expect(changes).toBe(4);
});

test("a watch that has lost its place (410) counts as a change", async () => {
	const before = watches.get("roles");
	send("roles", "ERROR", { kind: "Status", code: 410, reason: "Expired" });
	await reopened("roles", before);
	expect(changes).toBe(5);
});

test("a cluster that was restored, whose version goes back, counts as a change", async () => {
	const before = watches.get("roles");
	version = "90";
	before?.end();
	await reopened("roles", before);
	expect(changes).toBe(5);
});

test("a right to watch that goes and comes again counts as a change, and is told meanwhile", async () => {
	const before = watches.get("roles");
	refusal = 403;
	before?.end();
	await untilMoving(clock, "it is told", () => noteOf("roles")?.includes("may not") === true);
	refusal = undefined;
	await reopened("roles", before);
	expect(changes).toBe(5);
});
