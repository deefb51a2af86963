import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { createWukongClient, type Watch, type WatchEvent } from "../../web-client/src/index.ts";
import { createFakeWukong, failure } from "../../web-client/src/testing/index.ts";

const seed = [{ name: "a" }, { name: "b" }];
const inShort = (event: WatchEvent) =>
	event.type === "SYNCED" ? "SYNCED" : `${event.type} ${event.wukong.name}`;

/** Runs a loop over a watch, beside the test. */
function run(watch: Watch) {
	const told: string[] = [];
	const loop = async () => {
		for await (const event of watch) told.push(inShort(event));
	};
	return {
		told,
		ended: loop().then(
			() => "ended",
			(error) => error,
		),
	};
}

describe("a watch", () => {
	test("tells differences through cuts, restarts and expired places, and each one once", async () => {
		const fake = createFakeWukong({ seed });
		const watch = fake.client.watch();
		const { told, ended } = run(watch);
		await fake.advance(100);
		fake.cut();
		fake.store.put({ name: "c" });
		fake.store.remove({ name: "a" });
		await fake.advance(5_000);
		expect(told).toEqual(["ADDED a", "ADDED b", "SYNCED", "ADDED c", "DELETED a", "SYNCED"]);

		told.length = 0;
		fake.offline();
		fake.store.put({ name: "b", labels: { new: "yes" } });
		fake.store.remove({ name: "c" });
		fake.store.put({ name: "d" });
		fake.store.forgetHistory();
		fake.online();
		await fake.advance(60_000);
		// After RESET only what differs is told: c is missing in the new snapshot, so it comes last.
		expect(told).toEqual(["MODIFIED b", "ADDED d", "DELETED c", "SYNCED"]);
		await watch.close();
		expect(await ended).toBe("ended");
		expect(watch.status).toBe("closed");
	});

	test("tells a namesake that was made meanwhile as another VM", async () => {
		const fake = createFakeWukong({ seed });
		const { told } = run(fake.client.watch());
		await fake.advance(100);
		told.length = 0;
		fake.offline();
		fake.store.remove({ name: "a" });
		fake.store.put({ name: "a" });
		fake.store.forgetHistory();
		fake.online();
		await fake.advance(60_000);
		expect(told).toEqual(["DELETED a", "ADDED a", "SYNCED"]);
		fake.client.close();
	});

	test.each([
		[
			"leaving its loop",
			async (watch: Watch) => {
				for await (const _event of watch) break;
			},
		],
		[
			"close",
			async (watch: Watch) => {
				const { ended } = run(watch);
				await watch.close();
				expect(await ended).toBe("ended");
			},
		],
		[
			"disposal",
			async (watch: Watch) => {
				await using own = watch;
				await own[Symbol.asyncIterator]().next();
			},
		],
	])("ends on the server by %s", async (_, end) => {
		const fake = createFakeWukong({ seed });
		await end(fake.client.watch());
		await fake.advance(0);
		expect([fake.openStreams, fake.clock.pendingTimers]).toEqual([0, 0]);
	});

	test("ends by its signal and by its client's close, without an error, also in the silence", async () => {
		const fake = createFakeWukong({ seed });
		const controller = new AbortController();
		const one = run(fake.client.watch({}, { signal: controller.signal }));
		const other = run(fake.client.watch());
		await fake.advance(100);
		expect(fake.openStreams).toBe(2);
		controller.abort();
		expect(await one.ended).toBe("ended");
		fake.client.close();
		expect(await other.ended).toBe("ended");
		await fake.advance(0);
		expect([fake.openStreams, fake.clock.pendingTimers]).toEqual([0, 0]);
	});

	test("asks nothing before its loop begins, and nothing for a signal that has aborted", async () => {
		const fake = createFakeWukong({ seed });
		fake.client.watch();
		const { ended } = run(fake.client.watch({}, { signal: AbortSignal.abort() }));
		expect(await ended).toBe("ended");
		expect(fake.calls).toBe(0);
	});

	test("throws what no retry can cure", async () => {
		const fake = createFakeWukong({ seed });
		fake.fail(failure(Code.PermissionDenied, "PERMISSION_DENIED"));
		const watch = fake.client.watch();
		const { ended } = run(watch);
		await fake.advance(100);
		expect(await ended).toMatchObject({ code: Code.PermissionDenied });
		expect(watch.status).toBe("failed");
	});

	test("does not take a reader's own slowness for silence", async () => {
		const fake = createFakeWukong({ seed });
		const events = fake.client.watch()[Symbol.asyncIterator]();
		await events.next();
		await fake.advance(600_000);
		expect(fake.calls).toBe(1);
		expect(await events.next()).toMatchObject({ value: { type: "ADDED" } });
		await events.return?.();
	});
});

describe("waiting", () => {
	test("resolves when the VM is as wanted, over a cut too", async () => {
		const fake = createFakeWukong({ seed });
		const stopping = fake.client.stop("a");
		const waiting = stopping.then(() => fake.client.waitFor("a", "STOPPED"));
		await fake.advance(500);
		fake.cut();
		await fake.advance(5_000);
		expect(await waiting).toMatchObject({ name: "a" });
		const gone = fake.client.waitFor("a", "DELETED");
		await fake.client.delete("default/a");
		await fake.advance(5_000);
		expect(await gone).toBeUndefined();
		expect(fake.openStreams).toBe(0);
	});

	test("rejects at once for a VM in ERROR, one that does not exist, a signal and a deadline", async () => {
		const fake = createFakeWukong({ seed: [...seed, { name: "bad", status: { powerState: 5 } }] });
		const caught = (wait: Promise<unknown>) =>
			wait.then(
				() => "met",
				({ code }) => code,
			);
		const { client } = fake;
		const controller = new AbortController();
		const ends = [
			caught(client.waitFor("bad", "RUNNING")),
			caught(client.waitFor("no", "RUNNING")),
			caught(client.waitFor("a", "STOPPED", { signal: controller.signal })),
			caught(client.waitFor("a", "STOPPED", { timeoutMs: 2_000 })),
			caught(client.waitFor("no", (vm) => vm === undefined)),
		];
		await fake.advance(1_000);
		controller.abort();
		await fake.advance(1_000);
		const { FailedPrecondition, NotFound, Canceled, DeadlineExceeded } = Code;
		expect(await Promise.all(ends)).toEqual([
			FailedPrecondition,
			NotFound,
			Canceled,
			DeadlineExceeded,
			"met",
		]);
		expect([fake.openStreams, fake.clock.pendingTimers]).toEqual([0, 0]);
	});
});

describe("a stream that has ended by itself", () => {
	/** @param end what its messages end with, after none */
	async function wasAborted(end: () => void): Promise<boolean> {
		const opened: AbortSignal[] = [];
		const transport: Transport = {
			unary: () => Promise.reject(new Error("only watched")),
			async stream(method, signal) {
				if (signal !== undefined) opened.push(signal);
				const header = new Headers();
				const next = async () => {
					end();
					return { done: true, value: undefined } as const;
				};
				const message = { [Symbol.asyncIterator]: () => ({ next }) };
				return {
					...{ stream: true, service: method.parent, method },
					...{ header, trailer: header, message },
				};
			},
		};
		const client = createWukongClient({ transport });
		const lost = Promise.withResolvers<void>();
		const watch = client.watch(
			{},
			{
				onCondition: ({ status, error }) => {
					if (status !== "connecting" || error !== undefined) lost.resolve();
				},
			},
		);
		const { ended } = run(watch);
		await lost.promise;
		const [first = expect.fail("nothing was opened")] = opened;
		const { aborted } = first;
		await watch.close();
		await ended;
		client.close();
		return aborted;
	}

	// Node's HTTP/2 throws the abort of a stream that nobody reads any more.
	test("is not aborted: not when it ends without a word, and not when it fails", async () => {
		expect(await wasAborted(() => {})).toBe(false);
		const fail = () => {
			throw new ConnectError("gone", Code.Unavailable);
		};
		expect(await wasAborted(fail)).toBe(false);
	});
});
