import { afterEach, expect, test } from "vitest";
import { refTo, setLabel, writeOptions } from "../server/store/write.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { type FakeScene, startFakeScene } from "./fake-scene.ts";
import { faultSeed, faultTimeoutMs, roundsOf } from "./rounds.ts";

let scene: FakeScene;
afterEach(() => scene.close());

test(
	`in a storm of conflicts no write is lost: each is tried again until it is there (seed ${faultSeed})`,
	async () => {
		const random = createSeededRandom(faultSeed);
		scene = await startFakeScene({ store: { random: () => 0 } });
		const { api, hand, replicas } = scene;
		await hand.create("web", {});
		let others = 0;
		/** Another writer gets ahead of ours, more often than not. */
		api.intercept(({ method }) => {
			if (method !== "PUT" || random() < 0.3) return false;
			const raw = api.store.get("default", "web");
			const labels = { ...(raw.metadata.labels as object), others: String(++others) };
			api.store.replace({ ...raw, metadata: { ...raw.metadata, labels } }, "spec", false);
			return false;
		});
		const expected: Record<string, string> = {};
		for (let round = 0; round < roundsOf(200); round++) {
			const edits = Array.from({ length: 4 }, async (_, index) => {
				const key = `writer-${index}`;
				const edit = setLabel(key, String(round));
				await replicas[index % 2]?.store.edit(refTo("web"), edit, writeOptions);
				expected[key] = String(round);
			});
			await Promise.all(edits);
			const { labels } = api.store.get("default", "web").metadata;
			expect(labels).toEqual({ ...expected, others: String(others) });
		}
		expect(others).toBeGreaterThan(roundsOf(200));
		await scene.expectWholeStory();
	},
	faultTimeoutMs,
);
