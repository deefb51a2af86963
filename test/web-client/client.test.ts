import { describe, expect, test } from "vitest";
import { createWukongClient } from "../../web-client/src/index.ts";
import { createFakeClock } from "../support/fake-clock.ts";

/** The request that a client makes for one Get. */
async function requestOf(options: object): Promise<Request> {
	let request: Request | undefined;
	const client = createWukongClient({
		baseUrl: "http://127.0.0.1:9/api/",
		// The header holds what is left of the deadline: with the machine's clock it is 14,999 at times.
		environment: { clock: createFakeClock() },
		fetch: async (input, init) => {
			// The signal of a call is aborted at its end; the test looks later.
			request = new Request(input, { ...init, signal: null });
			const binary = request.headers.get("content-type") === "application/proto";
			return new Response(binary ? new Uint8Array() : "{}", {
				headers: { "content-type": binary ? "application/proto" : "application/json" },
			});
		},
		...options,
	});
	await client.rpc.getWukong({ name: "vm-0" });
	if (request === undefined) throw new Error("nothing was sent");
	return request;
}

describe("a client", () => {
	test("speaks JSON by POST with a deadline of 15 s", async () => {
		const request = await requestOf({});
		expect(request.method).toBe("POST");
		expect(request.url).toBe("http://127.0.0.1:9/api/novasphere.v1.WukongService/GetWukong");
		expect(await request.json()).toEqual({ name: "vm-0" });
		expect(request.headers.get("connect-timeout-ms")).toBe("15000");
	});

	test("speaks binary on request", async () => {
		const request = await requestOf({ format: "binary" });
		expect(request.headers.get("content-type")).toBe("application/proto");
	});

	test("reads by GET on request", async () => {
		const request = await requestOf({ useHttpGet: true });
		expect(request.method).toBe("GET");
		expect(new URL(request.url).searchParams.get("message")).toBe('{"name":"vm-0"}');
	});

	test("has no deadline with 0", async () => {
		const request = await requestOf({ timeoutMs: 0 });
		expect(request.headers.has("connect-timeout-ms")).toBe(false);
	});

	test("runs interceptors, the first one outermost", async () => {
		const seen: string[] = [];
		const named = (name: string) => (next: (request: unknown) => unknown) => (request: unknown) => {
			seen.push(name);
			return next(request);
		};
		await requestOf({ interceptors: [named("first"), named("second")] });
		expect(seen).toEqual(["first", "second"]);
	});

	test("offers no stream whose loop cannot be left", () => {
		expect(createWukongClient()).not.toHaveProperty("watchWukong");
	});
});
