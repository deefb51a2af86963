import type { JsonObject } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { finalizer } from "../../../../../server/src/store/kubernetes/operator/simulated-operator.ts";
import { answerJson } from "../../../../support/fake-api-server.ts";
import { until } from "../../../../support/until.ts";
import { createOperatorStage, life, type OperatorStage } from "./operator-stage.ts";

let stage: OperatorStage;
beforeEach(async () => {
	stage = await createOperatorStage();
});
afterEach(() => stage.close());

const off = { startStrategy: { autoStart: false } };

describe("a step that cannot be written", () => {
	/** Lets something happen just before the next write of a status. */
	const beforeStatus = (happening: () => void, times = 1) => {
		let left = times;
		stage.api.intercept(({ method, path }) => {
			if (method === "PUT" && path.endsWith("/status") && left-- > 0) happening();
			return false;
		});
	};

	test("because others got ahead is decided anew on what they wrote", async () => {
		const { failures } = await stage.startOperator();
		stage.create("a");
		beforeStatus(() => stage.edit("a", off));
		await stage.phase("a", "Pending");
		await stage.clock.advance(life.pendingMs);
		await stage.phase("a", "Stopped");
		expect(stage.history("a")).toEqual(["Pending", "Stopped"]);
		expect(failures).toEqual([]);
	});

	test("because the VM is gone is no failure", async () => {
		const { failures, steps } = await stage.startOperator();
		stage.create("a");
		beforeStatus(() => {
			const raw = stage.get("a");
			stage.remove("a");
			stage.api.store.replace(
				{ ...stage.get("a"), metadata: { ...stage.get("a").metadata, finalizers: [] } },
				"spec",
				false,
			);
			expect(raw.metadata.finalizers).toEqual([finalizer]);
		});
		await stage.gone("a");
		stage.create("b");
		await until("that of another is written", () => steps.length === 1);
		expect(steps).toEqual(["b Pending"]);
		expect(failures).toEqual([]);
	});

	test("because the API server fails or refuses is told, and tried again", async () => {
		const { failures } = await stage.startOperator();
		const answers: readonly [number, JsonObject][] = [
			[503, {}],
			[403, { reason: "Forbidden", details: { kind: "wukongs", name: "a" } }],
			// There is no status subresource.
			[404, { reason: "NotFound", details: {} }],
		];
		let asked = 0;
		stage.api.intercept(({ method, path }, response) => {
			const answer = answers[asked];
			if (answer === undefined || method !== "PUT" || !path.endsWith("/status")) return false;
			asked++;
			const [code, details] = answer;
			answerJson(response, code, { kind: "Status", code, ...details });
			return true;
		});
		stage.create("a");
		for (let count = 1; count <= answers.length; count++) {
			await until("it is told", () => failures.length === count);
			await stage.clock.advance(1_000);
		}
		await stage.phase("a", "Pending");
		expect(failures).toEqual(["a", "a", "a"]);
	});

	test("because the connection broke is tried again, and is not written twice", async () => {
		const { failures } = await stage.startOperator();
		let broken = false;
		stage.api.intercept(({ method, path }, response) => {
			if (broken || method !== "PUT" || !path.endsWith("/status")) return false;
			broken = true;
			response.destroy();
			return true;
		});
		stage.create("a");
		await until("it is told", () => failures.length === 1);
		await stage.clock.advance(1_000);
		await stage.phase("a", "Pending");
		expect(stage.history("a")).toEqual(["Pending"]);
	});
});

test("a new list after a gap shows it what it missed", async () => {
	const { steps } = await stage.startOperator();
	stage.create("a");
	await stage.run("a");
	await until("it watches", () => stage.api.watching === 1);
	let watches = 0;
	stage.api.intercept(({ url }, response) => {
		// The gap: the watch is refused until all has happened.
		if (!url.includes("watch=1") || watches++ > 0) return false;
		stage.create("b");
		stage.edit("a", off);
		answerJson(response, 410, { kind: "Status", code: 410, reason: "Expired" });
		return true;
	});
	stage.api.cutWatches();
	let moved = Promise.resolve();
	await until("all is as it is to be", () => {
		moved = moved.then(() => stage.clock.advance(10));
		return ["a Stopped", "b Running"].every((step) => steps.includes(step));
	});
	await moved;
});

test("closing ends its watch and its timers", async () => {
	stage.create("a");
	const operator = await stage.startOperator();
	await stage.phase("a", "Pending");
	// One of them is for the next step, the other one guards the watch.
	await until("it waits", () => stage.clock.pendingTimers === 2 && stage.api.watching === 1);
	await operator.close();
	await until("no watch is open", () => stage.api.watching === 0);
	expect(stage.clock.pendingTimers).toBe(0);
});

test("closing waits for no read, and a read that it cuts is no failure", async () => {
	const operator = await stage.startOperator();
	let asked = 0;
	stage.api.intercept(({ method, path }) => method === "GET" && path.endsWith("/a") && ++asked > 0);
	stage.create("a");
	await until("it reads", () => asked === 1);
	await operator.close();
	expect(operator.failures).toEqual([]);
});

test("closing ends a start that the API server does not let succeed", async () => {
	stage.api.intercept((_, response) => {
		answerJson(response, 403, { kind: "Status", code: 403, reason: "Forbidden" });
		return true;
	});
	const operator = stage.prepareOperator();
	const starting = operator.start();
	starting.catch(() => {});
	await until("it has asked", () => stage.api.requests.length > 0);
	await operator.close();
	await expect(starting).rejects.toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
	expect(stage.clock.pendingTimers).toBe(0);
});
