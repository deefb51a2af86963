import { afterEach, expect, test } from "vitest";
import { createSeededRandom } from "../support/seeded-random.ts";
import { type FakeScene, startFakeScene } from "./fake-scene.ts";
import { createRandomWriter } from "./hand.ts";
import { faultSeed, faultTimeoutMs, roundsOf } from "./rounds.ts";

let scene: FakeScene;
afterEach(() => scene.close());

test(
	`whenever the store is restored, all start over and show what it holds (seed ${faultSeed})`,
	async () => {
		const random = createSeededRandom(faultSeed);
		const rounds = roundsOf(50);
		scene = await startFakeScene({ isRestored: true });
		const { api, hand, witnesses } = scene;
		const write = createRandomWriter(hand, random);
		for (let round = 0; round < rounds; round++) {
			const backup = api.store.version;
			for (let count = 0; count < 10; count++) await write();
			await scene.agree();
			api.store.restore(backup);
			// Whatever comes later is another history, which takes the same versions.
			for (let count = random() * 4; count > 0; count--) await write();
			api.cutWatches();
			if (random() < 0.3) scene.roam();
			await scene.agree();
		}
		for (const { resets } of witnesses) expect(resets).toBe(rounds);
	},
	faultTimeoutMs,
);
