import { Code, ConnectError } from "@connectrpc/connect";
import type { ListWukongsRequest } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { ErrorReason, Failure } from "../../../../../server/src/failure.ts";
import { toConnectError } from "../../../../../server/src/service/errors/connect-error.ts";
import { createList } from "../../../../../server/src/service/wukong/list.ts";
import { cacheableTypes } from "../../../../../server/src/service/wukong/wukong-service.ts";
import { createPlainProtocols } from "../../../../support/plain-protocols.ts";
import { getPlain, type PlainAnswer } from "../../../../support/plain-watch.ts";
import { openPort, type PortSettings } from "../../../../support/port-fixture.ts";
import { openRaw } from "../../../../support/raw-client.ts";
import { until } from "../../../../support/until.ts";
import { createStage } from "../../../../support/watching.ts";

const path = "/api/v1/wukongs";
const lines = { accept: "application/x-ndjson" };

type List = NonNullable<NonNullable<PortSettings["implementation"]>["listWukongs"]>;

function open(listWukongs: unknown, limits: PortSettings["limits"] = {}) {
	return openPort({
		...{ protocols: createPlainProtocols(), cacheableTypes, limits },
		implementation: { listWukongs: listWukongs as List },
	});
}

async function textOf({ body }: PlainAnswer): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of body) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

const ask = async (url: string, query = "", header: Record<string, string> = lines) => {
	const answer = await getPlain(url, path + query, { header });
	return { ...answer, text: await textOf(answer) };
};

const parse = (text: string) =>
	text
		.split("\n")
		.slice(0, -1)
		.map((line) => JSON.parse(line));

/** Pages of numbered VMs; notes the tokens that were asked for. */
function numbered(pages: number, perPage: number, pad = "") {
	const asked: string[] = [];
	const list = ({ pageToken }: ListWukongsRequest) => {
		asked.push(pageToken);
		const page = Number(pageToken || 0);
		return {
			wukongs: Array.from({ length: perPage }, (_, at) => ({
				name: `vm-${page * perPage + at}`,
				annotations: { pad },
			})),
			nextPageToken: page + 1 < pages ? `${page + 1}` : "",
			resourceVersion: "7",
		};
	};
	return { asked, list };
}

describe("a list as NDJSON", () => {
	test("is each VM on a line, whatever their number, and a last line that says complete and its version", async () => {
		const { asked, list } = numbered(40, 500);
		const { url } = await open(list);
		const { text, header } = await ask(url);
		expect(header("content-type")).toBe("application/x-ndjson");
		const all = parse(text);
		expect(all.slice(0, -1).map(({ name }) => name)).toEqual(
			Array.from({ length: 20_000 }, (_, at) => `vm-${at}`),
		);
		expect(all.at(-1)).toEqual({ complete: true, resourceVersion: "7" });
		expect(asked).toHaveLength(40);
		expect(header("trailer-x-list-summary")).toBeUndefined();
	});

	test("holds one page for a reader that stands still, and cuts it off in the end", async () => {
		const { asked, list } = numbered(1_000, 8, "p".repeat(64 * 1024));
		const { url, seen } = await open(list, { stalledWriteTimeoutMs: 300 });
		const { body } = await getPlain(url, path, { header: lines });
		body.pause();
		await until("it is cut off", () => seen.ended.length === 1);
		expect(seen.ended[0]?.complete).toBe(false);
		// What fills the connection's buffers on both ends, at half a megabyte a page.
		expect(asked.length).toBeLessThan(40);
	});

	test("is one snapshot, whatever is written meanwhile", async () => {
		const { store, replica } = await createStage();
		const pad = "p".repeat(256 * 1024);
		for (let at = 10; at < 60; at++) store.put({ name: `vm-${at}`, namespace: "prod", pad });
		const { head } = store;
		const { url } = await open(createList({ replica } as never));
		const answer = await getPlain(url, path, { header: lines });
		let writes = 0;
		const chunks: Buffer[] = [];
		for await (const chunk of answer.body) {
			chunks.push(chunk);
			if (writes++ % 20 !== 0) continue;
			store.put({ name: `vm-${10 + (writes % 50)}`, namespace: "prod", labels: { late: "yes" } });
			store.put({ name: `new-${writes}`, namespace: "prod" });
			store.drop("vm-59", "prod");
		}
		const all = parse(Buffer.concat(chunks).toString());
		expect(all.slice(0, -1).map(({ name }) => name)).toEqual(
			Array.from({ length: 50 }, (_, at) => `vm-${at + 10}`),
		);
		expect(JSON.stringify(all)).not.toContain("late");
		expect(all.at(-1)).toEqual({ complete: true, resourceVersion: `${head}` });
		expect(writes).toBeGreaterThan(20);
	});

	test("says why it could not be completed: the array stays open then", async () => {
		const expiring = ({ pageToken }: ListWukongsRequest) => {
			if (pageToken !== "") {
				throw toConnectError(new Failure(ErrorReason.PAGE_TOKEN_EXPIRED, "the snapshot is gone"));
			}
			return { wukongs: [{ name: "a" }], nextPageToken: "1", resourceVersion: "7" };
		};
		const { url } = await open(expiring);
		const all = parse((await ask(url)).text);
		expect(all[0]).toEqual({ name: "a" });
		expect(all[1]).toMatchObject({
			complete: false,
			status: { code: Code.InvalidArgument, reason: "PAGE_TOKEN_EXPIRED" },
		});
		const { text } = await ask(url, "?format=array", {});
		expect(text).toBe('[{"name":"a"}');
	});

	test("that fails at once is an error of REST, however long that takes", async () => {
		const late = async () => {
			await new Promise((resolve) => setTimeout(resolve, 30));
			throw new ConnectError("no", Code.InvalidArgument);
		};
		const { url } = await open(late, { streamHeadDelayMs: 1 });
		const { status, text } = await ask(url);
		expect(status).toBe(400);
		expect(JSON.parse(text)).toMatchObject({ code: Code.InvalidArgument });
	});

	test("of which a page is asked for is that page, and goes on behind it", async () => {
		const { url } = await open(numbered(3, 2).list);
		const first = parse((await ask(url, "?pageSize=2")).text);
		expect(first.map(({ name }) => name)).toEqual(["vm-0", "vm-1", undefined]);
		expect(first.at(-1)).toEqual({ complete: false, nextPageToken: "1", resourceVersion: "7" });
		const rest = parse((await ask(url, "?pageToken=1")).text);
		expect(rest.map(({ name }) => name)).toEqual(["vm-2", "vm-3", "vm-4", "vm-5", undefined]);
		expect(rest.at(-1)).toEqual({ complete: true, resourceVersion: "7" });
	});

	test("on HTTP/1.0 has no chunks, and the connection ends with it (RFC 9112, 6.3)", async () => {
		const { portNumber, authority } = await open(numbered(2, 2).list);
		const request = `GET ${path} HTTP/1.0\r\nhost: ${authority}\r\naccept: application/x-ndjson\r\n\r\n`;
		const client = await openRaw(portNumber);
		await client.send(request);
		await client.expectClosed();
		const answer = client.received();
		expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		expect(answer).not.toMatch(/transfer-encoding/i);
		expect(answer).toMatch(/\r\nconnection: close\r\n/i);
		expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toMatch(
			/^(\{"name":"vm-\d".*\}\n){4}\{"complete":true,"resourceVersion":"7"\}\n$/,
		);
	});
});

describe("a list as one JSON array, ?format=array", () => {
	test.each([
		["none", 1, 0],
		["one", 1, 1],
		["some", 3, 5],
		["many", 30, 100],
	])("is JSON: %s", async (_what, pages, perPage) => {
		const { url } = await open(numbered(pages, perPage).list);
		const { text, header } = await ask(url, "?format=array", {});
		expect(header("content-type")).toBe("application/json");
		expect(JSON.parse(text).map(({ name }: { name: string }) => name)).toEqual(
			Array.from({ length: pages * perPage }, (_, at) => `vm-${at}`),
		);
		const all = parse((await ask(url)).text);
		expect(JSON.parse(text)).toEqual(all.slice(0, -1));
	});

	test("takes no other word, and no word twice", async () => {
		const { url } = await open(numbered(1, 1).list);
		for (const query of ["?format=list", "?format", "?format=array&format=array"]) {
			const { status, text } = await ask(url, query, {});
			expect({ status, text }).toMatchObject({
				status: 400,
				text: expect.stringContaining("format"),
			});
		}
	});

	test("has the head alone for HEAD", async () => {
		const { url } = await open(numbered(2, 2).list);
		const head = await fetch(`${url}${path}?format=array`, { method: "HEAD" });
		expect(head.status).toBe(200);
		expect(head.headers.get("content-type")).toBe("application/json");
	});
});
