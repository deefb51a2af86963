import type { ServerResponse } from "node:http";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../../../server/src/clock.ts";
import type { Failure } from "../../../../../server/src/failure.ts";
import { objectAt } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import type { Action } from "../../../../../server/src/store/store.ts";
import { createFakeKubeVirt, type FakeKubeVirt } from "../../../../support/fake-kubevirt.ts";
import { status } from "../../../../support/kubevirt-rules.ts";
import { change, createOptions, refTo, writeOptions, wukongNamed } from "../../write.ts";
import { type KubernetesHarness, startKubernetes } from "../harness.ts";

const vm = "virtualmachines/web-vm";
const vmi = "virtualmachineinstances/web-vm";
const pause: Action = { kind: "pause" };
const resume: Action = { kind: "resume" };
const restart = (mode: (Action & { kind: "restart" })["mode"]): Action => ({
	kind: "restart",
	mode,
});
const actions: readonly (readonly [name: string, action: Action, verb: string, dry: boolean])[] = [
	["pause", pause, `PUT ${vmi}/pause`, true],
	["graceful restart", restart("graceful"), `PUT ${vm}/restart`, true],
	["forced restart", restart("force"), `PUT ${vm}/restart`, true],
	["soft restart", restart("soft"), `PUT ${vmi}/softreboot`, false],
	["reset", restart("reset"), `PUT ${vmi}/reset`, false],
];

let harness: KubernetesHarness;
let kubevirt: FakeKubeVirt;
afterEach(() => harness.close());

async function started(options: Parameters<typeof startKubernetes>[0] = {}) {
	harness = await startKubernetes({ operator: false, random: () => 0, ...options });
	kubevirt = createFakeKubeVirt();
	harness.api.foreign = (request, response) => kubevirt.answer(request, response);
	const { store } = harness;
	const { uid } = await store.create(wukongNamed("web"), createOptions);
	kubevirt.run({ name: "web", uid });
	const act = (action: Action, validateOnly = false) =>
		store.act(refTo("web"), action, { ...writeOptions, validateOnly, check: () => {} });
	const reasonOf = (action: Action, validateOnly = false) =>
		act(action, validateOnly).then(
			() => "done",
			(error: Failure) => ErrorReason[error.reason] ?? error,
		);
	return { ...harness, uid, act, reasonOf };
}

/** KubeVirt's server answers a verb with this instead. */
function answerWith(code: number, body?: object | string): void {
	kubevirt.intercept = (words, response: ServerResponse) => {
		if (!words.startsWith("PUT")) return false;
		response.writeHead(code, { "content-type": "application/json" });
		response.end(typeof body === "object" ? JSON.stringify(body) : body);
		return true;
	};
}

const refusal = (code: number, reason: string, group = "kubevirt.io") =>
	status(code, reason, "no", { name: "web-vm", kind: "virtualmachineinstance", group });

describe.each(actions)("a %s", (_, action, verb, hasDryRun) => {
	test("is one verb of KubeVirt; its dry run does nothing", async () => {
		const { act } = await started();
		expect((await act(action, true)).changed).toBe(true);
		expect(kubevirt.verbs).toEqual(hasDryRun ? [`${verb} {"dryRun":["All"]}`] : []);
		expect(await act(action)).toMatchObject({ changed: true, wukong: { name: "web" } });
		const body = action.kind === "restart" && action.mode === "force" ? "0" : "";
		expect(kubevirt.verbs.filter((words) => words.startsWith(verb)).at(-1)).toBe(
			`${verb} ${body === "" ? "{}" : '{"gracePeriodSeconds":0}'}`,
		);
	});

	test("that is only tried is PERMISSION_DENIED where the cluster does not allow the verb", async () => {
		const { reasonOf } = await started();
		const asked: object[] = [];
		kubevirt.review = (attributes) => {
			asked.push(attributes);
			return { allowed: false };
		};
		if (hasDryRun) answerWith(403, refusal(403, "Forbidden", "subresources.kubevirt.io"));
		expect(await reasonOf(action, true)).toBe("PERMISSION_DENIED");
		const [resource, , subresource] = verb.slice("PUT ".length).split("/");
		const of = { namespace: "default", name: "web-vm", resource, subresource, verb: "update" };
		const group = { group: "subresources.kubevirt.io", version: "v1" };
		expect(asked).toEqual(hasDryRun ? [] : [{ ...of, ...group }]);
	});

	test("that is only tried passes where the cluster does not say what is allowed", async () => {
		const { reasonOf } = await started();
		kubevirt.review = () => undefined;
		expect(await reasonOf(action, true)).toBe("done");
	});

	test("of what has no VM, one of another Wukong or none that runs is WUKONG_NOT_RUNNING", async () => {
		const { reasonOf, uid } = await started();
		kubevirt.setStatus(vmi, { phase: "Succeeded" });
		expect(await reasonOf(action)).toBe("WUKONG_NOT_RUNNING");
		kubevirt.objects.delete(vmi);
		expect(await reasonOf(action, true)).toBe("WUKONG_NOT_RUNNING");
		kubevirt.run({ name: "web", uid: "another" });
		expect(await reasonOf(action)).toBe("WUKONG_NOT_RUNNING");
		kubevirt.run({ name: "web", uid });
		kubevirt.objects.delete(vm);
		expect(await reasonOf(action)).toBe("WUKONG_NOT_RUNNING");
		expect(kubevirt.verbs).toEqual([]);
	});

	test("that KubeVirt refuses with 404 or 409 is judged again by what the VM is then", async () => {
		const { reasonOf } = await started();
		for (const [code, reason] of [
			[404, "NotFound"],
			[409, "Conflict"],
		] as const) {
			kubevirt.setStatus(vmi, { phase: "Running" });
			kubevirt.intercept = (words, response) => {
				if (!words.startsWith("PUT")) return false;
				kubevirt.setStatus(vmi, { phase: "Failed" });
				response.writeHead(code, { "content-type": "application/json" });
				response.end(JSON.stringify(refusal(code, reason)));
				return true;
			};
			expect(await reasonOf(action)).toBe("WUKONG_NOT_RUNNING");
		}
		kubevirt.setStatus(vmi, { phase: "Running" });
		answerWith(409, refusal(409, "Conflict"));
		expect(await reasonOf(action)).toBe("RESOURCE_VERSION_CONFLICT");
	});

	test.each([
		["403 of the API server", 403, refusal(403, "Forbidden", "subresources.kubevirt.io")],
		["403 without a Status", 403, "not you"],
	])("that meets %s is PERMISSION_DENIED", async (_name, code, body) => {
		const { reasonOf } = await started();
		answerWith(code, body);
		expect(await reasonOf(action)).toBe("PERMISSION_DENIED");
	});

	test.each([
		["404 for the path", 404, "404: Page Not Found"],
		["405", 405, ""],
		["400", 400, refusal(400, "BadRequest")],
		["403 by a rule of KubeVirt", 403, refusal(403, "Forbidden")],
	])("that meets %s is NOT_SUPPORTED", async (_name, code, body) => {
		const { reasonOf } = await started();
		answerWith(code, body);
		expect(await reasonOf(action)).toBe("NOT_SUPPORTED");
	});

	test.each([
		["500", 500, refusal(500, "InternalError")],
		["502", 502, ""],
		["503 without a Status", 503, "error trying to reach service: EOF"],
		["504", 504, refusal(504, "Timeout")],
	])("that meets %s was perhaps done", async (_name, code, body) => {
		const { reasonOf } = await started();
		answerWith(code, body);
		expect(await reasonOf(action)).toBe("WRITE_OUTCOME_UNKNOWN");
		if (hasDryRun) expect(await reasonOf(action, true)).toBe("UPSTREAM_UNAVAILABLE");
	});

	test.each([
		["429", 429, refusal(429, "TooManyRequests")],
		["503 as a Status", 503, refusal(503, "ServiceUnavailable")],
		["401", 401, refusal(401, "Unauthorized")],
	])("that meets %s was surely not done", async (_name, code, body) => {
		const { reasonOf } = await started();
		answerWith(code, body);
		expect(await reasonOf(action)).toBe("UPSTREAM_UNAVAILABLE");
	});

	test("that gets no answer, or a broken one, was perhaps done", async () => {
		const answerTimeoutMs = 12_345;
		const late = new Set<() => void>();
		const apiClock: Clock = {
			...systemClock,
			setTimer(ms, callback) {
				if (ms !== answerTimeoutMs) return systemClock.setTimer(ms, callback);
				late.add(callback);
				return { cancel: () => void late.delete(callback) };
			},
		};
		const { reasonOf } = await started({ apiClock, apiTimings: { answerTimeoutMs } });
		kubevirt.intercept = (words) => {
			if (!words.startsWith("PUT")) return false;
			// The time for the answer is over once the verb has arrived.
			for (const isOver of late) isOver();
			return true;
		};
		expect(await reasonOf(action)).toBe("WRITE_OUTCOME_UNKNOWN");
		kubevirt.intercept = (words, response) => {
			if (words.startsWith("PUT")) response.destroy();
			return words.startsWith("PUT");
		};
		expect(await reasonOf(action)).toBe("WRITE_OUTCOME_UNKNOWN");
	});

	test("is not sent to a KubeVirt that is down", async () => {
		const { reasonOf } = await started();
		kubevirt.intercept = (_words, response) => {
			response.writeHead(503).end("service unavailable");
			return true;
		};
		expect(await reasonOf(action)).toBe("UPSTREAM_UNAVAILABLE");
		expect(kubevirt.verbs).toEqual([]);
	});

	test("on a cluster without KubeVirt is NOT_SUPPORTED", async () => {
		const { reasonOf, api } = await started();
		api.foreign = undefined;
		expect(await reasonOf(action)).toBe("NOT_SUPPORTED");
		api.foreign = async ({ method, path, body }, response) => {
			if (!path.startsWith("/apis/kubevirt.io")) {
				await kubevirt.answer({ method, path, body }, response);
				return;
			}
			response.writeHead(404).end("404 page not found");
		};
		expect(await reasonOf(action)).toBe("NOT_SUPPORTED");
	});

	test.each([
		["as a Status", refusal(403, "Forbidden")],
		["in any words", "not you"],
	])("that may not see the VM, %s, is PERMISSION_DENIED", async (_name, content) => {
		const { reasonOf, api } = await started();
		api.foreign = async (request, response) => {
			if (!request.path.startsWith("/apis/kubevirt.io")) return kubevirt.answer(request, response);
			response.writeHead(403).end(typeof content === "string" ? content : JSON.stringify(content));
		};
		expect(await reasonOf(action)).toBe("PERMISSION_DENIED");
	});

	test("judges the caller's preconditions first, also before it is tried again", async () => {
		const { store } = await started();
		const stale = new Error("stale");
		let left = 1;
		const check = () => {
			if (left-- === 0) throw stale;
		};
		answerWith(409, refusal(409, "Conflict"));
		const acting = store.act(refTo("web"), action, { ...writeOptions, check });
		await expect(acting).rejects.toBe(stale);
		await expect(
			store.act(refTo("none"), action, { ...writeOptions, check: () => {} }),
		).rejects.toMatchObject({ reason: ErrorReason.WUKONG_NOT_FOUND });
	});
});

test("a pause of what is paused, and a resume of what runs, change nothing and are no error", async () => {
	const { act } = await started();
	expect((await act(resume)).changed).toBe(false);
	expect((await act(pause)).changed).toBe(true);
	expect((await act(pause)).changed).toBe(false);
	expect((await act(resume, true)).changed).toBe(true);
	expect((await act(resume)).changed).toBe(true);
	expect((await act(resume)).changed).toBe(false);
	expect(kubevirt.verbs.filter((words) => !words.includes("dryRun"))).toEqual([
		`PUT ${vmi}/pause {}`,
		`PUT ${vmi}/unpause {}`,
	]);
});

test("two pauses at once are both answered, the later one with nothing changed", async () => {
	const { act } = await started();
	const [first, second] = await Promise.all([act(pause), act(pause)]);
	expect([first?.changed, second?.changed].sort()).toEqual([false, true]);
});

test("a paused VM is restarted by force or gracefully, but not by its guest or its reset button", async () => {
	const { act, reasonOf } = await started();
	await act(pause);
	expect(await reasonOf(restart("soft"))).toBe("WUKONG_NOT_RUNNING");
	expect(await reasonOf(restart("reset"))).toBe("WUKONG_NOT_RUNNING");
	expect(await reasonOf(restart("force"))).toBe("done");
});

test("a restart while one is under way, which KubeVirt calls an internal error, is the one under way", async () => {
	const { act, reasonOf } = await started();
	await act(restart("graceful"));
	await act(restart("graceful"));
	expect(kubevirt.verbs).toEqual([`PUT ${vm}/restart {}`]);
	// The guest is shutting down, which takes it long.
	kubevirt.setStatus(vm, { stateChangeRequests: [{ action: "Start" }] });
	await act(restart("graceful"));
	for (const mode of ["force", "soft", "reset"] as const) {
		const instance = kubevirt.objects.get(vmi) ?? {};
		const metadata = {
			...objectAt(instance, "metadata"),
			deletionTimestamp: "2026-01-01T00:00:00Z",
		};
		kubevirt.objects.set(vmi, { ...instance, metadata });
		const reason = mode === "force" ? "NOT_SUPPORTED" : "WUKONG_NOT_RUNNING";
		expect(await reasonOf(restart(mode))).toBe(reason);
	}
	expect(await reasonOf(pause)).toBe("WUKONG_NOT_RUNNING");
	expect(kubevirt.verbs).toHaveLength(1);
});

test("a dry run of a forced restart does not end the pod, as KubeVirt's own would", async () => {
	const { act } = await started();
	await act(restart("force"), true);
	expect(kubevirt.verbs).toEqual([`PUT ${vm}/restart {"dryRun":["All"]}`]);
});

test("a VM that is wished off is not restarted: KubeVirt would start it again", async () => {
	const { store, reasonOf } = await started();
	await store.edit(refTo("web"), off, writeOptions);
	expect(await reasonOf(restart("graceful"))).toBe("WUKONG_NOT_RUNNING");
	expect(kubevirt.verbs).toEqual([]);
});

const off = change((next) => {
	if (next.spec?.startStrategy) next.spec.startStrategy.autoStart = false;
});

describe("a stop with a grace period", () => {
	const stop = (gracePeriodMs: number) => (current: Parameters<typeof off>[0]) => ({
		...off(current),
		gracePeriodMs,
	});
	const stops = () => kubevirt.verbs.filter((words) => words.includes("/stop"));

	test("is tried dry, writes the wish, then tells KubeVirt; whole seconds, rounded up", async () => {
		const { store, api } = await started();
		const stopped = await store.edit(refTo("web"), stop(1_500), writeOptions);
		expect(stopped.spec?.startStrategy?.autoStart).toBe(false);
		expect(stops()).toEqual([
			`PUT ${vm}/stop {"gracePeriod":2,"dryRun":["All"]}`,
			`PUT ${vm}/stop {"gracePeriod":2}`,
		]);
		expect(api.store.get("default", "web").spec).toMatchObject({ startStrategy: {} });
	});

	test("is completed where the caller leaves after the wish was stored", async () => {
		const { store, api } = await started();
		const leaving = new AbortController();
		api.store.onEvent(() => leaving.abort(new Error("left")));
		await store
			.edit(refTo("web"), stop(5_000), { ...writeOptions, signal: leaving.signal })
			.catch(() => {});
		expect(stops().at(-1)).toBe(`PUT ${vm}/stop {"gracePeriod":5}`);
	});

	test("shortens the one that is under way; a longer one changes nothing and is no error", async () => {
		const { store } = await started();
		await store.edit(refTo("web"), stop(60_000), writeOptions);
		await store.edit(refTo("web"), stop(0), writeOptions);
		expect(stops().at(-1)).toBe(`PUT ${vm}/stop {"gracePeriod":0}`);
		await store.edit(refTo("web"), stop(120_000), writeOptions);
	});

	test("of what is off writes the wish and is no error", async () => {
		const { store } = await started();
		kubevirt.objects.clear();
		const stopped = await store.edit(refTo("web"), stop(0), writeOptions);
		expect(stopped.spec?.startStrategy?.autoStart).toBe(false);
		expect(stops()).toEqual([]);
	});

	test("that is only checked stores nothing and stops nothing", async () => {
		const { store, api } = await started();
		await store.edit(refTo("web"), stop(0), { ...writeOptions, validateOnly: true });
		expect(stops()).toEqual([`PUT ${vm}/stop {"gracePeriod":0,"dryRun":["All"]}`]);
		expect(api.store.get("default", "web").spec).toMatchObject({
			startStrategy: { autoStart: true },
		});
	});

	test.each([
		["without KubeVirt", ErrorReason.NOT_SUPPORTED],
		["without the right", ErrorReason.PERMISSION_DENIED],
		["with a KubeVirt that is down", ErrorReason.UPSTREAM_UNAVAILABLE],
	])("%s writes nothing at all", async (name, reason) => {
		const { store, api } = await started();
		if (name.startsWith("without K")) api.foreign = undefined;
		else if (name.includes("right")) answerWith(403, refusal(403, "Forbidden", "sub"));
		else kubevirt.intercept = (_, response) => response.writeHead(503).end() !== undefined;
		const edit = store.edit(refTo("web"), stop(0), writeOptions);
		await expect(edit).rejects.toMatchObject({ reason });
		expect(api.requests.filter((request) => request.startsWith("PUT"))).toEqual([]);
	});

	test("that fails after the wish was stored never says that nothing was written", async () => {
		const { store, api } = await started();
		kubevirt.intercept = (words, response) => {
			if (!words.startsWith("PUT") || words.includes("dryRun")) return false;
			response.writeHead(429).end();
			return true;
		};
		const edit = store.edit(refTo("web"), stop(0), writeOptions);
		await expect(edit).rejects.toMatchObject({ reason: ErrorReason.WRITE_OUTCOME_UNKNOWN });
		expect(api.store.get("default", "web").spec).toMatchObject({ startStrategy: {} });
	});
});
