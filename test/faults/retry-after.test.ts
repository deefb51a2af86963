import { afterEach, expect, test } from "vitest";
import { answerJson } from "../support/fake-api-server.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { until } from "../support/until.ts";
import { type FakeScene, startFakeScene } from "./fake-scene.ts";
import { faultTimeoutMs, roundsOf } from "./rounds.ts";

let scene: FakeScene;
afterEach(() => scene.close());

test(
	"a busy API server is left alone for as long as it asks, and then asked once by each replica",
	async () => {
		const clock = createFakeClock();
		scene = await startFakeScene({ store: { clock, random: () => 0 } });
		const { api } = scene;
		/** Waits without time passing: only answers of the network come in. */
		const untilThen = async (what: string, condition: () => boolean) => {
			let turning = Promise.resolve();
			await until(what, () => {
				turning = turning.then(() => clock.advance(0));
				return condition();
			});
			await turning;
		};
		const status = { kind: "Status", code: 429, reason: "TooManyRequests" };
		for (let round = 0; round < roundsOf(100); round++) {
			await untilThen("both watch", () => api.watching === 2);
			// A watch's own, of each replica, and what is looked at once a minute.
			const timers = clock.pendingTimers;
			let refused = 0;
			api.intercept(({ url }, response) => {
				if (!url.includes("/wukongs")) return false;
				refused++;
				answerJson(response, 429, status, { "retry-after": "7" });
				return true;
			});
			api.cutWatches();
			for (const asked of [2, 4, 6]) {
				await untilThen(
					"both have asked and wait",
					() => refused === asked && clock.pendingTimers === timers,
				);
				await clock.advance(6_999);
				expect(refused).toBe(asked);
				if (asked === 6) api.intercept(undefined);
				await clock.advance(1);
			}
			await untilThen("both watch again", () => api.watching === 2);
			await scene.agree();
		}
		expect(scene.lists()).toEqual([]);
	},
	faultTimeoutMs,
);
