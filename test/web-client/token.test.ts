import { inspect } from "node:util";
import { Code, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
	createWukongClient,
	isUnauthenticated,
	type TokenSource,
	WukongService,
} from "../../web-client/src/index.ts";
import { createFakeClock, failure } from "../../web-client/src/testing/index.ts";

/** A service that takes one token, and counts what comes. */
function scripted(token: TokenSource) {
	const clock = createFakeClock();
	const state = { accepted: "good", asked: [] as (string | null)[] };
	const judge = ({ requestHeader }: HandlerContext) => {
		const given = requestHeader.get("authorization");
		state.asked.push(given);
		if (given !== `Bearer ${state.accepted}`)
			throw failure(Code.Unauthenticated, "UNAUTHENTICATED");
	};
	const transport = createRouterTransport(({ service }) => {
		service(WukongService, {
			getWukong(_, context) {
				judge(context);
				return { wukong: { name: "a" } };
			},
			async *watchWukong(_, context) {
				judge(context);
				yield { type: 4, resourceVersion: "1" };
				await new Promise((_, reject) => {
					context.signal.addEventListener("abort", () => reject(context.signal.reason));
				});
			},
		});
	});
	const client = createWukongClient({
		transport,
		token,
		environment: { clock, random: () => 0.5, onNetwork: () => () => {} },
	});
	return { client, clock, state };
}

describe("a token", () => {
	test("goes with each call as a bearer token", async () => {
		const { client, state } = scripted("good");
		await client.get("a");
		expect(state.asked).toEqual(["Bearer good"]);
	});

	test.each(["", null, undefined])(
		"that is not there (%o, as storage has it) is not sent",
		async (token) => {
			const { client, state } = scripted(() => token as string | undefined);
			await client.get("a").catch(() => {});
			expect(state.asked).toEqual([null]);
		},
	);

	test("that no header can carry (RFC 9110, 5.5) is refused before it is sent, and not shown", async () => {
		const { client, clock, state } = scripted(() => "se\ncret");
		const error = await client.get("a").catch((reason) => reason);
		expect(isUnauthenticated(error)).toBe(true);
		const list = client.liveList();
		list.subscribe(() => {});
		for (let turn = 0; turn < 10; turn++) await clock.advance(10);
		const shown = list.getSnapshot();
		expect(shown.status).toBe("failed");
		expect(isUnauthenticated(shown.error)).toBe(true);
		expect(inspect([error, shown.error], { depth: 9 })).not.toContain("cret");
		expect(state.asked).toEqual([]);
		client.close();
	});

	test("is asked for anew once by all calls that are refused together, and they are made again", async () => {
		let refreshes = 0;
		let current = "old";
		const { client, state } = scripted(async ({ refresh }) => {
			if (refresh) {
				refreshes++;
				await Promise.resolve();
				current = "good";
			}
			return current;
		});
		await Promise.all(Array.from({ length: 20 }, () => client.get("a")));
		expect(refreshes).toBe(1);
		expect(state.asked.filter((given) => given === "Bearer old")).toHaveLength(20);
		expect(state.asked.filter((given) => given === "Bearer good")).toHaveLength(20);
	});

	test("that stays refused is the caller's to know, after one more try at most", async () => {
		const { client, state } = scripted(({ refresh }) => (refresh ? "bad-2" : "bad-1"));
		await expect(client.get("a")).rejects.toMatchObject({ code: Code.Unauthenticated });
		expect(state.asked).toHaveLength(2);
		const same = scripted("bad");
		await expect(same.client.get("a")).rejects.toMatchObject({ code: Code.Unauthenticated });
		expect(same.state.asked).toHaveLength(1);
	});

	test("that expires in the middle of a watch is renewed, and the watch goes on", async () => {
		let current = "good";
		const { client, clock, state } = scripted(({ refresh }) => {
			if (refresh) current = "new";
			return current;
		});
		const list = client.liveList();
		list.subscribe(() => {});
		await clock.advance(100);
		state.accepted = "new";
		// The stream falls silent here; what matters is that its next one is refused.
		await clock.advance(20_000);
		expect(list.getSnapshot().status).toBe("live");
		expect(state.asked).toEqual(["Bearer good", "Bearer good", "Bearer new"]);
		client.close();
	});

	test("that is dead costs at most two requests an hour, until it changes", async () => {
		let current = "dead";
		const { client, clock, state } = scripted(() => current);
		const list = client.liveList();
		list.subscribe(() => {});
		await clock.advance(24 * 3_600_000);
		expect(state.asked.length).toBeLessThanOrEqual(2);
		expect(list.getSnapshot()).toMatchObject({
			status: "failed",
			error: { code: Code.Unauthenticated },
		});
		current = "good";
		await clock.advance(61_000);
		expect(list.getSnapshot().status).toBe("live");
		client.close();
	});

	test("that is another one each time and always refused costs at most two requests an hour", async () => {
		let count = 0;
		const { client, clock, state } = scripted(() => `bad-${count++}`);
		client.liveList().subscribe(() => {});
		await clock.advance(3_600_000);
		const first = state.asked.length;
		await clock.advance(10 * 3_600_000);
		expect(state.asked.length - first).toBeLessThanOrEqual(20);
		client.close();
	});
});

describe("a token function that does not answer", () => {
	const never = () => new Promise<string>(() => {});

	test("costs a call no more than its deadline, and a caller who leaves nothing", async () => {
		const { client, clock, state } = scripted(never);
		const leaver = new AbortController();
		const late = client.rpc.getWukong({ name: "a" }, { timeoutMs: 600_000 }).catch(codeOf);
		const left = client.rpc.getWukong({ name: "a" }, { signal: leaver.signal }).catch(codeOf);
		await clock.advance(600_000);
		expect(await late).toBe(Code.DeadlineExceeded);
		leaver.abort();
		expect(await left).toBe(Code.Canceled);
		expect([state.asked, clock.pendingTimers]).toEqual([[], 0]);
	});

	test("when another one is wanted leaves the call with the refusal, within one deadline in all", async () => {
		const { client, clock, state } = scripted(({ refresh }) => (refresh ? never() : "old"));
		const refused = client.rpc.getWukong({ name: "a" }, { timeoutMs: 600_000 }).catch(codeOf);
		await clock.advance(600_000);
		expect(await refused).toBe(Code.Unauthenticated);
		expect(state.asked).toEqual(["Bearer old"]);
	});

	test("is asked again for a list, which ends at once when its client is closed", async () => {
		let asked = 0;
		const { client, clock, state } = scripted(() => (asked++ === 0 ? never() : "good"));
		const list = client.liveList();
		list.subscribe(() => {});
		await clock.advance(16_000);
		expect([list.getSnapshot().status, state.asked]).toEqual(["live", ["Bearer good"]]);
		client.close();
		const silent = scripted(never);
		const watching = (async () => {
			for await (const _event of silent.client.watch());
		})();
		await silent.clock.advance(100);
		silent.client.close();
		await watching;
	});

	test("when a stream was refused lets its list say so within a quarter of a minute, and is asked again", async () => {
		let isSilent = true;
		const { client, clock } = scripted(({ refresh }) => {
			if (!refresh) return isSilent ? "old" : "good";
			return never();
		});
		const list = client.liveList();
		list.subscribe(() => {});
		await clock.advance(16_000);
		expect(list.getSnapshot().status).toBe("failed");
		isSilent = false;
		await clock.advance(61_000);
		expect(list.getSnapshot().status).toBe("live");
		client.close();
	});
});

function codeOf({ code }: { readonly code: Code }): Code {
	return code;
}
