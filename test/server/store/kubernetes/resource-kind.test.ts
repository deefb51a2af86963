import { Agent, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { expect, test } from "vitest";
import { systemClock } from "../../../../server/src/clock.ts";
import { Failure } from "../../../../server/src/failure.ts";
import type { Change, Sink } from "../../../../server/src/store/change-feed.ts";
import {
	createApiClient,
	defaultApiTimings,
} from "../../../../server/src/store/kubernetes/api-client.ts";
import { createReflector } from "../../../../server/src/store/kubernetes/reflector.ts";
import { defaultReflectorTimings } from "../../../../server/src/store/kubernetes/reflector-timings.ts";
import type {
	ClusterObject,
	ResourceKind,
} from "../../../../server/src/store/kubernetes/resource-kind.ts";
import { objectAt } from "../../../../server/src/store/kubernetes/unstructured.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { silentUpstream } from "../../../support/silent-upstream.ts";
import { rawNamed } from "./raw.ts";
import { createScriptedUpstream } from "./scripted-upstream.ts";

/** A kind that the room has never heard of. */
interface Lamp extends ClusterObject {
	readonly phase: string;
	readonly gone: boolean;
}

const lampKind: ResourceKind<Lamp> = {
	group: "lights.example.com",
	version: "v2",
	plural: "lamps",
	kind: "Lamp",
	read: (raw) => {
		const { namespace, name, uid, resourceVersion } = raw.metadata;
		const phase = String(objectAt(raw, "status").phase ?? "");
		return { namespace, name, uid, resourceVersion, phase, gone: false };
	},
	isNews: (previous, next) => previous.phase !== next.phase,
	markDeleted: (last) => ({ ...last, gone: true }),
};

const lamp = (version: number, phase: string) => rawNamed("a", { version, status: { phase } });

test("a reflector follows any kind that says how its objects are read", async () => {
	const upstream = createScriptedUpstream();
	upstream.state = { version: 100, objects: [lamp(90, "Dark")] };
	const clock = createFakeClock();
	const loaded: Lamp[] = [];
	const changes: Change<Lamp>[] = [];
	const sink: Sink<Lamp> = {
		load: ({ objects }) => void loaded.push(...objects),
		append: (news) => void changes.push(...news),
		advance() {},
	};
	const silent = () => {};
	const reflector = createReflector({
		upstream,
		kind: lampKind,
		sink,
		clock,
		random: () => 0,
		timings: { ...defaultReflectorTimings, historyVersions: 0n },
		observer: silentUpstream,
		onPassed: silent,
	});
	const settle = async () => {
		for (let turn = 0; turn < 10; turn++) await clock.advance(0);
	};
	reflector.start().catch(silent);
	await settle();
	upstream.watching.send("MODIFIED", lamp(101, "Bright"));
	upstream.watching.send("DELETED", lamp(102, "Bright"));
	await settle();
	await reflector.close(new Failure(ErrorReason.SHUTTING_DOWN, "closed"));
	expect(loaded).toMatchObject([{ name: "a", phase: "Dark" }]);
	expect(changes).toMatchObject([
		{ version: 101n, deleted: false, object: { phase: "Bright" }, previous: { phase: "Dark" } },
		{ version: 102n, deleted: true, object: { phase: "Bright", gone: true } },
	]);
});

test("the API client asks for the resource that the kind names", async () => {
	const asked: (string | undefined)[] = [];
	const server = createServer((request, response) => {
		asked.push(request.url);
		response.end(JSON.stringify({ metadata: { resourceVersion: "7" }, items: [] }));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const agent = new Agent();
	const { port } = server.address() as AddressInfo;
	const access = {
		server: new URL(`http://127.0.0.1:${port}`),
		credentials: async () => ({ agent, headers: {} }),
		renew: async () => {},
		close: () => agent.destroy(),
	};
	const { signal } = new AbortController();
	for (const namespace of ["", "team-a"]) {
		const timings = defaultApiTimings;
		const options = { access, resource: lampKind, namespace, timings, clock: systemClock };
		const api = createApiClient(options);
		await api.list({ limit: 1, continueToken: "", exactVersion: undefined, signal });
	}
	agent.destroy();
	await new Promise((resolve) => server.close(resolve));
	expect(asked).toEqual([
		"/apis/lights.example.com/v2/lamps?limit=1",
		"/apis/lights.example.com/v2/namespaces/team-a/lamps?limit=1",
	]);
});
