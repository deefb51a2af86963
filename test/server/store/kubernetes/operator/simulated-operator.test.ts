import type { JsonObject } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { finalizer } from "../../../../../server/src/store/kubernetes/operator/simulated-operator.ts";
import { objectAt } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { until } from "../../../../support/until.ts";
import { createOperatorStage, life, type OperatorStage } from "./operator-stage.ts";

let stage: OperatorStage;
beforeEach(async () => {
	stage = await createOperatorStage();
});
afterEach(() => stage.close());

const off = { startStrategy: { autoStart: false } };
const on = { startStrategy: { autoStart: true } };

/** When a condition last changed, in milliseconds since 1970. */
function changedMs(name: string, type: string): number {
	const { conditions } = objectAt(stage.get(name), "status");
	const found = (conditions as JsonObject[]).find((condition) => condition.type === type);
	return Date.parse(String(found?.lastTransitionTime));
}

test("leads a VM through its whole life, each step in its time and written once", async () => {
	const { steps, close } = await stage.startOperator();
	const { clock } = stage;
	const startMs = clock.nowMs();
	stage.create("a");
	await stage.run("a");
	expect(changedMs("a", "VolumesBound") - startMs).toBe(life.pendingMs);
	expect(changedMs("a", "Ready") - startMs).toBe(life.pendingMs + life.creatingMs);

	stage.edit("a", off);
	await until("it shuts down", () => steps.length === 4);
	await clock.advance(life.stoppingMs);
	await stage.phase("a", "Stopped");
	stage.edit("a", on);
	await stage.phase("a", "Creating");
	await clock.advance(life.creatingMs);
	await stage.phase("a", "Running");

	stage.remove("a");
	await until("it shuts down", () => steps.length === 8);
	await clock.advance(life.stoppingMs);
	await stage.phase("a", "Stopped");
	await clock.advance(life.deletingMs);
	await stage.gone("a");
	await close();
	const first = ["Pending", "Creating", "Running", "Running", "Stopped"];
	const phases = [...first, "Creating", "Running", "Running", "Stopped"];
	expect(stage.history("a")).toEqual(phases);
	expect(steps).toEqual([...phases, "gone"].map((phase) => `a ${phase}`));
});

test("goes on in time where a write has changed nothing, of which no watch tells", async () => {
	// It renews its stamps at each look, in whole seconds: within one of these, nothing is new.
	await stage.startOperator({ profile: "public-437e853" });
	stage.create("a");
	await stage.run("a");
});

test("two operators side by side write no step twice", async () => {
	const first = await stage.startOperator();
	const second = await stage.startOperator();
	const steps = () => [...first.steps, ...second.steps];
	const names = Array.from({ length: 12 }, (_, index) => `vm-${index}`);
	for (const name of names) stage.create(name);
	await stage.run(...names);
	for (const name of names) stage.remove(name);
	await until(
		"all shut down",
		() => steps().filter((step) => step.endsWith("Running")).length === 24,
	);
	await stage.clock.advance(life.stoppingMs);
	await stage.all(names, "Stopped");
	await stage.clock.advance(life.deletingMs);
	for (const name of names) await stage.gone(name);
	await first.close();
	await second.close();
	const phases = ["Pending", "Creating", "Running", "Running", "Stopped"];
	for (const name of names) expect(stage.history(name)).toEqual(phases);
	expect(steps()).toHaveLength(12 * 6);
	expect([...first.failures, ...second.failures]).toEqual([]);
});

test("goes on where another one left off, and counts the time between", async () => {
	const first = await stage.startOperator();
	stage.create("a");
	await stage.phase("a", "Pending");
	await stage.clock.advance(life.pendingMs);
	await stage.phase("a", "Creating");
	await first.close();
	await stage.clock.advance(life.creatingMs);
	await stage.startOperator();
	await stage.phase("a", "Running");
});

test("writes finalizer and status and nothing else", async () => {
	await stage.startOperator();
	const spec = { cloudInitUser: { name: "ops", password: "secret" }, unknown: { to: "us" } };
	const metadata = { finalizers: ["example.com/backup"], annotations: { a: "b" } };
	stage.create("a", { spec, metadata });
	const before = stage.get("a");
	await stage.run("a");
	const { status: _, ...after } = stage.get("a");
	const { resourceVersion, finalizers } = after.metadata;
	expect(after).toEqual({
		...before,
		metadata: { ...before.metadata, resourceVersion, finalizers },
	});
	expect(finalizers).toEqual(["example.com/backup", finalizer]);
	const writes = stage.api.requests.filter((request) => !request.startsWith("GET"));
	expect(writes.map((request) => request.replace(/.*\/wukongs|\?.*/g, ""))).toEqual([
		"/a",
		"/a/status",
		"/a/status",
		"/a/status",
	]);
});

test("leaves a deleted VM to the finalizers of others once its own is off", async () => {
	const { steps } = await stage.startOperator();
	stage.create("a", { metadata: { finalizers: ["example.com/backup"] } });
	await stage.phase("a", "Pending");
	stage.remove("a");
	await stage.phase("a", "Stopped");
	await stage.clock.advance(life.deletingMs);
	await until("its own is off", () => steps.at(-1) === "a gone");
	expect(stage.get("a").metadata.finalizers).toEqual(["example.com/backup"]);
});

test("a VM that was deleted before it was seen goes as well", async () => {
	stage.create("a", { metadata: { finalizers: [finalizer] } });
	stage.remove("a");
	await stage.startOperator();
	await stage.phase("a", "Stopped");
	await stage.clock.advance(life.deletingMs);
	await stage.gone("a");
});

test("who is gone is forgotten", async () => {
	await stage.startOperator();
	stage.create("a");
	await stage.phase("a", "Pending");
	stage.remove("a");
	await stage.phase("a", "Stopped");
	await stage.clock.advance(life.deletingMs);
	await stage.gone("a");
	// Events come in order: when it has seen this one, it has seen the deletion.
	stage.create("b");
	await stage.phase("b", "Pending");
	const asked = stage.api.requests.filter((request) => /\/wukongs\/a(?:[/?]|$)/.test(request));
	expect(asked.at(-1)).toMatch(/^PUT .*\/a\?/);
});
