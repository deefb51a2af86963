import { ErrorReason } from "@novasphere/wukong-gen/error";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { formatPageToken, parsePageToken } from "../../server/src/watch/page-token.ts";
import { Places } from "../../server/src/watch/places.ts";
import { createStage, takeAll } from "../support/watching.ts";
import { claim, fuzzTarget, mutated, parsedOr } from "./target.ts";

const start = fc.record({
	version: fc.bigInt({ min: 0n, max: 10n ** 20n }),
	after: fc.record({
		namespace: fc.stringMatching(/^[a-z]{1,8}$/),
		name: fc.stringMatching(/^[a-z.]{1,8}$/),
	}),
});
const query = fc.constantFrom('["","",""]', '["default","","app"]');
const queryOf = (text: string) => ({ text, suffix: "" });
const asText = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** A page token that was not made for this query, as it stands, is refused. */
export const pageTokens = fuzzTarget(
	"page tokens",
	fc.record({ start, query }).chain(({ start: made, query: asked }) => {
		const { version, after } = made;
		const sound = formatPageToken({ places: new Places([version]), after }, queryOf(asked));
		const changed = mutated(fc.constant(Buffer.from(sound, "latin1"))).map(asText);
		const token = fc.oneof(changed, fc.string({ unit: "binary", maxLength: 64 }));
		return fc.record({
			made: fc.constant(made),
			asked: fc.constant(asked),
			sound: fc.constant(sound),
			token,
		});
	}),
	({ made, asked, sound, token }) => {
		const parsed = parsedOr(ErrorReason.PAGE_TOKEN_INVALID, () =>
			parsePageToken(token, queryOf(asked), 1),
		);
		claim("taken only where it is ours", (parsed !== undefined) === (token === sound));
		if (parsed === undefined) return;
		claim(
			"its place is what was meant",
			JSON.stringify(parsed.after) === JSON.stringify(made.after),
		);
		claim("so is its version", parsed.places.positionsText === String(made.version));
	},
);

/** A watch starts with any token: where it left off, or with RESET; never with an error. */
export const resumeTokens = fuzzTarget(
	"resume tokens",
	fc.record({
		token: fc.oneof(
			fc.integer({ min: 998, max: 1_006 }).map(String),
			fc.bigInt({ min: -1n, max: 10n ** 40n }).map(String),
			mutated(fc.constant(Buffer.from("start-over"))).map(asText),
			fc.string({ unit: "binary", maxLength: 40 }),
		),
		exactVersions: fc.boolean(),
	}),
	async ({ token, exactVersions }) => {
		const stage = await createStage({ exactVersions });
		for (const name of ["vm-1", "vm-2", "vm-3"]) stage.store.put({ name });
		const stream = stage.watch({ resourceVersion: token });
		const events: WukongEvent[] = [];
		const isSynced = () => events.some(({ type }) => type === EventType.SYNCED);
		// A version that is ahead is waited for a while.
		for (let i = 0; !isSynced() && i < 10; i++) {
			events.push(...takeAll(stream));
			await stage.clock.advance(5_000);
		}
		claim("it is complete at last", isSynced());
		const names = new Set(events.flatMap(({ wukong }) => wukong?.name ?? []));
		const startsOver = token === "" || events.some(({ type }) => type === EventType.RESET);
		if (startsOver) claim("all VMs are in its snapshot", names.size === 3);
		stream.close();
	},
);
