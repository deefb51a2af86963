import { expect, test, vi } from "vitest";
import { createWukongClient, isRetryable, isUnavailable } from "../../web-client/src/index.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";

const gone = vi.hoisted(() => ({ isGone: true }));
vi.mock("../../web-client/src/on-demand.ts", async (load) => {
	const { loadParts } = await load<typeof import("../../web-client/src/on-demand.ts")>();
	const { Code, ConnectError } = await import("@connectrpc/connect");
	const away = () => Promise.reject(new ConnectError("gone", Code.Unavailable));
	return { loadParts: () => (gone.isGone ? away() : loadParts()) };
});

test("where what is loaded on demand cannot be had, calls that need it may be tried again, and then succeed", async () => {
	gone.isGone = true;
	const fake = createFakeWukong({ seed: [{ name: "a" }] });
	const { transport } = fake;
	const client = createWukongClient({ transport, token: "good", attempts: 1 });
	for (const call of [() => client.get("a"), () => client.waitFor("a", "RUNNING")]) {
		const error = await call().catch((reason) => reason);
		expect([isUnavailable(error), isRetryable(error)]).toEqual([true, true]);
	}
	gone.isGone = false;
	expect(await client.get("a")).toMatchObject({ name: "a" });
	expect(await client.waitFor("a", "RUNNING")).toMatchObject({ name: "a" });
	client.close();
});

test("a client without a token loads nothing for its calls and lists", async () => {
	gone.isGone = true;
	const client = createWukongClient({
		transport: createFakeWukong({ seed: [{ name: "a" }] }).transport,
	});
	expect((await client.liveList().ready()).items).toHaveLength(1);
	expect(await client.stop("a")).toMatchObject({ name: "a" });
	client.close();
});

test("a file that is not there is the service's absence to whoever asks", async () => {
	vi.doMock("../../web-client/src/parts.ts", () => {
		throw new Error("404");
	});
	const { loadParts } = await vi.importActual<typeof import("../../web-client/src/on-demand.ts")>(
		"../../web-client/src/on-demand.ts",
	);
	expect(isUnavailable(await loadParts().catch((reason) => reason))).toBe(true);
	vi.doUnmock("../../web-client/src/parts.ts");
});
