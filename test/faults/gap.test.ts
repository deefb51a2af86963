import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../support/until.ts";
import { filterOf } from "../support/watching.ts";
import { type FakeScene, startFakeScene } from "./fake-scene.ts";

let scene: FakeScene;
beforeEach(async () => {
	scene = await startFakeScene();
});
afterEach(() => scene.close());

/** One VM comes and goes while the second replica is cut off, which then has to read a list. */
async function liveShort(whileThere: () => Promise<void>): Promise<void> {
	const { api, hand, ways, witnesses } = scene;
	await ways[1]?.set({ kind: "down" });
	await hand.create("ghost", {});
	await until("it is seen", () => witnesses[2]?.held().has("default/ghost") === true);
	await whileThere();
	await hand.remove("ghost");
	await hand.create("other", {});
	api.expire();
	await ways[1]?.set({ kind: "clear" });
	await scene.agree();
	expect(scene.lists()).toContainEqual({ cause: "expired", kind: "wukongs" });
}

test("who comes with a token from within the gap of a relist starts over: no VM stays as a ghost", async () => {
	await liveShort(async () => scene.roam());
	expect(scene.witnesses.map(({ resets }) => resets)).toEqual([0, 0, 1]);
});

test("pages of a list from within the gap are gone, not wrong", async () => {
	const query = { filter: filterOf(), pageSize: 1, minResourceVersion: "" };
	const caller = new AbortController();
	const [first, second] = scene.replicas;
	let pageToken: string | undefined;
	await liveShort(async () => {
		pageToken = (await first?.replica.list({ ...query, pageToken: "", caller }))?.nextPageToken;
	});
	expect(pageToken).not.toBe("");
	const page = second?.replica.list({ ...query, pageToken: `${pageToken}`, caller });
	await expect(page).rejects.toMatchObject({ reason: ErrorReason.PAGE_TOKEN_EXPIRED });
});
