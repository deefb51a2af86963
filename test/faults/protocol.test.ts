import { afterEach, expect, test } from "vitest";
import { createSeededRandom } from "../support/seeded-random.ts";
import { until } from "../support/until.ts";
import { answerFaults } from "./answer-faults.ts";
import { type FakeScene, startFakeScene } from "./fake-scene.ts";
import { createRandomWriter } from "./hand.ts";
import { historyFaults } from "./history-faults.ts";
import { lineFaults } from "./line-faults.ts";
import { faultSeed, faultTimeoutMs, movesThreeKinds, roundsOf } from "./rounds.ts";

let scene: FakeScene;
afterEach(() => scene.close());

test.each([...lineFaults, ...answerFaults, ...historyFaults])(
	`whenever $title${movesThreeKinds ? " while three kinds move" : ""}, nothing is lost and nothing comes twice (seed ${faultSeed})`,
	async ({ strike, maxLists = 0, fullRounds = 100, shortRounds, strikesOpenWatches }) => {
		const random = createSeededRandom(faultSeed);
		const rounds = roundsOf(fullRounds, shortRounds);
		scene = await startFakeScene({ servesKubeVirt: movesThreeKinds });
		const { api, hand, ways } = scene;
		let hits = 0;
		const site = { api, ways, random, onHit: () => void hits++ };
		const write = createRandomWriter(hand, random);
		const isAllWatched = () =>
			[...api.stores.keys()].every((plural) => api.watchingOf(plural) >= scene.replicas.length);
		for (let round = 0; round < rounds; round++) {
			for (let count = random() * 4; count > 0; count--) await write();
			if (strikesOpenWatches) await until("all kinds are watched", isAllWatched);
			strike(site);
			for (let count = random() * 4; count > 0; count--) await write();
			if (random() < 0.3) scene.roam();
			await scene.agree();
		}
		expect(hits).toBeGreaterThanOrEqual(rounds);
		if (maxLists === 0) await scene.expectWholeStory();
		const listed = Map.groupBy(scene.lists(), ({ kind }) => kind);
		for (const [kind, lists] of listed) {
			// Of a kind in which nothing happens, one watch after the other may be struck at one version.
			if (kind !== "wukongs" && lists.every(({ cause }) => cause === "unreadable")) continue;
			expect(lists.length).toBeLessThanOrEqual(rounds * maxLists * scene.replicas.length);
		}
		const [, second] = scene.replicas;
		// Of a few rounds none may have had two changes of one VM together.
		if (movesThreeKinds && rounds >= 25) expect(second?.streams.withheldCount).toBeGreaterThan(0);
	},
	faultTimeoutMs,
);
