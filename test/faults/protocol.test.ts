import { afterEach, expect, test } from "vitest";
import { createSeededRandom } from "../support/seeded-random.ts";
import { answerFaults } from "./answer-faults.ts";
import { type FakeScene, startFakeScene } from "./fake-scene.ts";
import { createRandomWriter } from "./hand.ts";
import { historyFaults } from "./history-faults.ts";
import { lineFaults } from "./line-faults.ts";
import { faultSeed, faultTimeoutMs, roundsOf } from "./rounds.ts";

let scene: FakeScene;
afterEach(() => scene.close());

test.each([...lineFaults, ...answerFaults, ...historyFaults])(
	`whenever $title, nothing is lost and nothing comes twice (seed ${faultSeed})`,
	async ({ strike, maxLists = 0, fullRounds = 100 }) => {
		const random = createSeededRandom(faultSeed);
		const rounds = roundsOf(fullRounds);
		scene = await startFakeScene();
		const { api, hand, ways } = scene;
		let hits = 0;
		const site = { api, ways, random, onHit: () => void hits++ };
		const write = createRandomWriter(hand, random);
		for (let round = 0; round < rounds; round++) {
			for (let count = random() * 4; count > 0; count--) await write();
			strike(site);
			for (let count = random() * 4; count > 0; count--) await write();
			if (random() < 0.3) scene.roam();
			await scene.agree();
		}
		expect(hits).toBeGreaterThanOrEqual(rounds);
		if (maxLists === 0) await scene.expectWholeStory();
		expect(scene.lists().length).toBeLessThanOrEqual(rounds * maxLists * scene.replicas.length);
	},
	faultTimeoutMs,
);
