import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
	AccessService,
	WatchAccessResponse_Type as Type,
	WatchAccessResponseSchema,
} from "../../web-client/gen/novasphere/v1/access_service_pb.js";
import { createAccess } from "../../web-client/src/access/index.ts";
import { createWukongClient } from "../../web-client/src/index.ts";
import { loadParts } from "../../web-client/src/on-demand.ts";
import { createFakeClock, failure } from "../../web-client/src/testing/index.ts";

const lifeMs = 60_000;

/** A service that ends each stream with its token, and a client that has another one as it is asked. */
function stage() {
	const clock = createFakeClock();
	const ends = new Map<string, number>();
	const state = { open: 0, maxOpen: 0, asked: [] as string[], refreshes: 0, mayRenew: true };
	let token = "";
	const issue = () => {
		token = `token-${ends.size}`;
		ends.set(token, clock.nowMs() + lifeMs);
	};
	issue();

	async function* watch(_: unknown, { requestHeader, signal }: HandlerContext) {
		const shown = requestHeader.get("authorization")?.slice("Bearer ".length) ?? "";
		state.asked.push(shown);
		const endMs = ends.get(shown) ?? 0;
		if (clock.nowMs() >= endMs) throw failure(Code.Unauthenticated, "TOKEN_EXPIRED");
		state.maxOpen = Math.max(state.maxOpen, ++state.open);
		const say = (type: Type) =>
			create(WatchAccessResponseSchema, {
				type,
				answers: type === Type.ANSWERS ? [{ question: { verb: "stop" }, allowed: true }] : [],
				time: timestampFromMs(clock.nowMs()),
				credentialsExpireTime: timestampFromMs(endMs),
			});
		try {
			yield say(Type.ANSWERS);
			while (!signal.aborted) {
				await new Promise<void>((resolve) => {
					const timer = clock.setTimer(Math.min(5_000, endMs - clock.nowMs()), resolve);
					const leave = () => {
						timer.cancel();
						resolve();
					};
					signal.addEventListener("abort", leave, { once: true });
				});
				if (signal.aborted) return;
				if (clock.nowMs() >= endMs) throw failure(Code.Unauthenticated, "TOKEN_EXPIRED");
				yield say(Type.HEARTBEAT);
			}
		} finally {
			state.open--;
		}
	}
	const client = createWukongClient({
		transport: createRouterTransport(
			({ service }) => void service(AccessService, { watchAccess: watch }),
		),
		token({ refresh }) {
			if (refresh) state.refreshes++;
			if (refresh && state.mayRenew) issue();
			return token;
		},
		environment: { clock, random: () => 0.5, onNetwork: () => () => {} },
	});
	/** Moves on in small steps: a message passes several turns of the loop on its way. */
	const advance = async (ms: number) => {
		await loadParts();
		for (let leftMs = ms; leftMs > 0; leftMs -= 500) {
			await clock.advance(Math.min(500, leftMs));
			for (let turn = 0; turn < 12; turn++) await clock.advance(0);
		}
	};
	const words: string[] = [];
	createAccess(client)
		.watch([{ verb: "stop" }])
		.subscribe(({ status, answers }) => words.push(`${status} ${answers[0]?.allowed}`));
	return { state, clock, client, advance, words, issue };
}

test("answers go over to a new token ahead of the old one's end, and nobody sees it", async () => {
	const { state, clock, client, advance, words } = stage();
	await advance(200_000);
	expect(words).toEqual(["connecting undefined", "live true"]);
	expect(state.refreshes).toBeGreaterThan(2);
	expect(state.asked.length).toBe(state.refreshes + 1);
	expect(new Set(state.asked).size).toBe(state.asked.length);
	expect([state.open, state.maxOpen]).toEqual([1, 2]);
	client.close();
	await advance(1_000);
	expect([state.open, clock.pendingTimers]).toEqual([0, 0]);
});

test("answers wait for another token where theirs has ended, and go on with it by themselves", async () => {
	const { state, client, advance, words, issue } = stage();
	state.mayRenew = false;
	await advance(lifeMs + 10_000);
	expect(words.at(-1)).toBe("failed true");
	expect(state.open).toBe(0);
	state.mayRenew = true;
	issue();
	await advance(120_000);
	expect(words.at(-1)).toBe("live true");
	client.close();
});
