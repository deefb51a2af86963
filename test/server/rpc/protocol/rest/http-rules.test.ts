import { beforeEach, describe, expect, test } from "vitest";
import { buildServices } from "../../../../support/built-service.ts";
import { echo, openRestPort, type RestPort, violationIn } from "./rest-port.ts";

let port: RestPort;
const services = buildServices();

beforeEach(async () => {
	port = await openRestPort(services("test.shapes.ShapeService"), { ask: echo });
});

const type = { "content-type": "application/json" };

describe("a path template binds its variables (google/api/http.proto, `Path template syntax`)", () => {
	test.each([
		["/v1/ask/a", { name: "a" }],
		["/v1/ask/a%20b", { name: "a b" }],
		["/v1/ask/a%2Fb", { name: "a/b" }],
		["/v1/ask/a%3Averb", { name: "a:verb" }],
		["/v1/ask/a:verb", { name: "a" }],
		["/v1/ask/a%3Ab:verb", { name: "a:b" }],
		["/v1/ask/a/within", { within: { name: "a" } }],
		["/v1/shelves/1/books/2", { name: "shelves/1/books/2" }],
		["/v1/shelves/1/books/a%2Fb", { name: "shelves/1/books/a%2Fb" }],
		["/v1/files/a/b/c", { name: "a/b/c" }],
		["/v1/files/", {}],
		["/v1/any/x/thing", {}],
		["/v1/rest/a/b", {}],
		["/v1/numbers/-7", { whole: -7 }],
		["/v1/colors/RED", { color: "RED" }],
		["/v1/colors/2", { color: "BLUE" }],
		["/v1/chosen/words", { text: "words" }],
	])("%s", async (target, expected) => {
		expect((await port.ask("GET", target)).json).toEqual(expected);
	});

	test.each([
		["GET", "/v1/ask/a:other", 404],
		["GET", "/v1/ask/a/other", 404],
		["GET", "/v1/ask/", 404],
		["GET", "/v1//a", 404],
		["GET", "/v1/ask/%zz", 404],
		["GET", "/v1/hide", 404],
		["PUT", "/v1/ask/a", 405],
	])("%s %s is %d", async (method, target, status) => {
		expect(await port.ask(method, target)).toMatchObject({
			status,
			json: { code: 12, reason: "METHOD_NOT_FOUND" },
		});
	});

	test.each([
		"/v1/numbers/seven",
		"/v1/numbers/0x7",
		"/v1/numbers/99999999999",
		"/v1/colors/GREEN",
	])("%s is a violation of the variable's field", async (target) => {
		const answer = await port.ask("GET", target);
		expect(answer).toMatchObject({ status: 400, json: { reason: "INVALID_REQUEST" } });
		expect(violationIn(answer)?.field).toBe(target.includes("numbers") ? "whole" : "color");
	});
});

describe("a query binds what the path does not (http.proto, `the fields become query parameters`)", () => {
	test.each([
		["name=a", { name: "a" }],
		["name=", {}],
		["name=a+b%2B", { name: "a b+" }],
		["whole=7&real=1.5&flag=true", { whole: 7, real: 1.5, flag: true }],
		["real=NaN", { real: "NaN" }],
		[
			"long=-9007199254740993&large=18446744073709551615",
			{ long: "-9007199254740993", large: "18446744073709551615" },
		],
		["data=AAE=", { data: "AAE=" }],
		["color=RED", { color: "RED" }],
		["color=2", { color: "BLUE" }],
		["words=a&words=b&words=", { words: ["a", "b", ""] }],
		["wholes=1&wholes=2", { wholes: [1, 2] }],
		["colors=RED&colors=2", { colors: ["RED", "BLUE"] }],
		["labels[app]=web&labels[a.b/c]=", { labels: { app: "web", "a.b/c": "" } }],
		["labels%5Bapp%5D=web", { labels: { app: "web" } }],
		["labels[a]b]=c", { labels: { "a]b": "c" } }],
		["labels[__proto__]=x", JSON.parse('{"labels":{"__proto__":"x"}}')],
		["switches[1]=true&switches[2]=false", { switches: { 1: true, 2: false } }],
		["within.name=a&within.within.whole=1", { within: { name: "a", within: { whole: 1 } } }],
		["within.labels[a.b]=c", { within: { labels: { "a.b": "c" } } }],
		["time=2026-01-02T03:04:05Z", { time: "2026-01-02T03:04:05Z" }],
		["interval=1.5s", { interval: "1.500s" }],
		["intervals=1s&intervals=2s", { intervals: ["1s", "2s"] }],
		["someMask=name,within.whole", { someMask: "name,within.whole" }],
		["wrapped=7&maybe=false", { wrapped: "7", maybe: false }],
		['free={"a":[1,null]}', { free: { a: [1, null] } }],
		['anything="a"', { anything: "a" }],
		["anything=null", { anything: null }],
		["text=a", { text: "a" }],
		["shape.name=a&shape.whole=2", { shape: { name: "a", whole: 2 } }],
		["note=", { note: "" }],
		["strange=a", { strange: "a" }],
		["odd_name=a", { strange: "a" }],
		["some_mask=name", { someMask: "name" }],
		["&&name=a&", { name: "a" }],
		["pretty=false&name=a", { name: "a" }],
	])("?%s", async (query, expected) => {
		const { status, json } = await port.ask("GET", `/v1/ask?${query}`);
		expect({ status, json }).toEqual({ status: 200, json: expected });
	});

	test.each([
		["whole=7&whole=7", "whole"],
		["name=a&name=b", "name"],
		["odd_name=a&strange=a", "odd_name"],
		["whole=", "whole"],
		["whole=7.5", "whole"],
		["whole= 7", "whole"],
		["flag=1", "flag"],
		["flag=", "flag"],
		["color=GREEN", "color"],
		["wholes=1&wholes=2,3", "wholes[1]"],
		["labels=a", "labels"],
		["labels[a=b", "labels[a"],
		["labels[a]=1&labels[a]=2", "labels"],
		["switches[x]=true", "switches"],
		["switches[1]=yes", "switches"],
		["words[0]=a", "words[0]"],
		["within={}", "within"],
		["within.nope=1", "within.nope"],
		["name.more=1", "name.more"],
		["shapes=1", "shapes"],
		["shapes.name=1", "shapes.name"],
		["time=now", "time"],
		["time.seconds=1", "time.seconds"],
		["within.interval=1", "within.interval"],
		["text=a&number=1", "number"],
		["shape.name=a&text=b", "text"],
		["anything=a", "anything"],
		['free={"a":1}x', "free"],
		["nope=1", "nope"],
		["Name=a", "Name"],
		["na%20me=a", "?"],
		["name=%zz", "name"],
		["name=%ff", "name"],
		["%zz=a", ""],
		["=a", ""],
		["pretty&pretty", "pretty"],
		["pretty=yes", "pretty"],
		[`${"within.".repeat(40)}name=a`, "?"],
	])("?%s is a violation of %s", async (query, field) => {
		const answer = await port.ask("GET", `/v1/ask?${query}`);
		expect(answer).toMatchObject({ status: 400, json: { code: 3, reason: "INVALID_REQUEST" } });
		expect(violationIn(answer)?.field).toBe(field);
		expect(port.seen.begun).toBe(0);
	});

	test("what the path has said is not said again", async () => {
		const answer = await port.ask("GET", "/v1/ask/a?name=a");
		expect(violationIn(answer)).toEqual({ field: "name", description: "is given by the path" });
		const other = await port.ask("GET", "/v1/ask/a/within?within.name=a&within.whole=1");
		expect(violationIn(other)?.field).toBe("within.name");
		const { json } = await port.ask("GET", "/v1/ask/a/within?within.whole=1");
		expect(json).toEqual({ within: { name: "a", whole: 1 } });
	});
});

describe("a body is the message, a field of it, or nothing (http.proto, `body`)", () => {
	test.each([
		["POST", "/v1/whole", '{"name":"a","whole":1}', { name: "a", whole: 1 }],
		["POST", "/v1/whole", "", {}],
		["POST", "/v1/whole/a", '{"whole":1}', { name: "a", whole: 1 }],
		["POST", "/v1/whole/a", '{"name":"a"}', { name: "a" }],
		["POST", "/v1/whole/a", " \n", { name: "a" }],
		["POST", "/v1/part/a?whole=1", '{"name":"b"}', { name: "a", whole: 1, within: { name: "b" } }],
		["POST", "/v1/list?name=a", '["b","c"]', { name: "a", words: ["b", "c"] }],
		["DELETE", "/v1/ask/a?whole=1", "", { name: "a", whole: 1 }],
		["LINK", "/v1/open/a", "", { name: "a" }],
		["SEARCH", "/v1/ask", '{"name":"a"}', { name: "a" }],
	])("%s %s %s", async (method, target, body, expected) => {
		const { status, json } = await port.ask(method, target, { body, headers: type });
		expect({ status, json }).toEqual({ status: 200, json: expected });
	});

	test.each([
		["POST", "/v1/whole/a", '{"name":"b"}', "name"],
		["POST", "/v1/whole?name=a", "{}", "name"],
		["POST", "/v1/whole", '{"nope":1}', "nope"],
		["POST", "/v1/whole", '{"name":"a"', ""],
		["POST", "/v1/part/a", "", "within"],
		["POST", "/v1/part/a", '{"whole":"x"}', "within.whole"],
		["POST", "/v1/part/a", "null", "within"],
		["POST", "/v1/part/a?within.whole=1", "{}", "within.whole"],
		["POST", "/v1/list", '["a",1]', "words[1]"],
		["POST", "/v1/list?words=a", "[]", "words"],
		["DELETE", "/v1/ask/a", '{"whole":1}', ""],
	])("%s %s %s is a violation of %j", async (method, target, body, field) => {
		const answer = await port.ask(method, target, { body, headers: type });
		expect(answer).toMatchObject({ status: 400, json: { reason: "INVALID_REQUEST" } });
		expect(violationIn(answer)?.field).toBe(field);
		expect(port.seen.begun).toBe(0);
	});
});

describe("a response is the message or a field of it (http.proto, `response_body`)", () => {
	test("a message", async () => {
		expect((await port.ask("GET", "/v1/within/a?within.whole=1")).json).toEqual({ whole: 1 });
		expect((await port.ask("GET", "/v1/within/a")).json).toBeNull();
	});

	test("a list, an empty one too", async () => {
		expect((await port.ask("GET", "/v1/words?words=a&words=b")).json).toEqual(["a", "b"]);
		expect((await port.ask("GET", "/v1/words")).json).toEqual([]);
	});
});

describe("the origin document's BlogService", () => {
	let blog: RestPort;
	beforeEach(async () => {
		blog = await openRestPort(services("product.app.v1.BlogService"), {
			getArticles: ({ authorId, title, page }: Record<string, unknown>) => ({
				total: 1n,
				articles: [{ id: authorId, title: `${title} ${page}` }],
			}),
			getArticle: ({ id }: { id: bigint }) => ({ id }),
			createArticle: ({ article }: { article: object }) => ({ ...article, id: 7n }),
			updateArticle: ({ article, updateMask }: Record<string, Record<string, unknown>>) => ({
				...article,
				tags: updateMask?.paths,
			}),
		});
	});

	test("answers by both of its bindings", async () => {
		expect((await blog.ask("GET", "/v1/articles?title=a&page=2")).json).toEqual({
			total: "1",
			articles: [{ title: "a 2" }],
		});
		expect((await blog.ask("GET", "/v1/author/5/articles?title=a")).json).toEqual({
			total: "1",
			articles: [{ id: "5", title: "a 0" }],
		});
	});

	test("a create is 201 with the path that reads it (RFC 9110, 15.3.2); a dry run is not", async () => {
		const init = { body: '{"title":"t"}', headers: type };
		const created = await blog.ask("POST", "/v1/articles", init);
		expect(created).toMatchObject({ status: 201, json: { id: "7", title: "t" } });
		expect(created.headers.get("location")).toBe("/v1/articles/7");
		expect((await blog.ask("GET", "/v1/articles/7")).json).toEqual({ id: "7" });
		const tried = await blog.ask("POST", "/v1/articles?validateOnly=true", init);
		expect([tried.status, tried.headers.get("location")]).toEqual([200, null]);
	});

	test("PUT names all, PATCH what its body names: objects descend, maps go key by key", async () => {
		const body = '{"title":null,"tags":["x"],"marks":{"a.b":null,"C_d":"e"},"author":{"page":"p"}}';
		const patched = await blog.ask("PATCH", "/v1/articles/1", { body, headers: type });
		expect((patched.json as { tags: string[] }).tags).toEqual([
			...["title", "tags", "marks.`a.b`", "marks.`C_d`", "author.page"],
		]);
		expect(patched.json).toMatchObject({ id: "1", marks: { C_d: "e" }, author: { page: "p" } });
		const put = await blog.ask("PUT", "/v1/articles/1", { body: '{"title":"t"}', headers: type });
		expect(put.json).toMatchObject({ id: "1", title: "t", tags: ["*"] });
		const named = "/v1/articles/1?updateMask=content,author.name";
		const masked = await blog.ask("PATCH", named, { body: '{"title":"t"}', headers: type });
		expect((masked.json as { tags: string[] }).tags).toEqual(["content", "author.name"]);
	});

	test("a merge patch is taken by PATCH alone (RFC 7396)", async () => {
		const headers = { "content-type": "application/merge-patch+json; charset=utf-8" };
		const patched = await blog.ask("PATCH", "/v1/articles/1", { body: '{"title":"t"}', headers });
		expect(patched.status).toBe(200);
		const refused = await blog.ask("PUT", "/v1/articles/1", { body: "{}", headers });
		expect([refused.status, refused.headers.get("accept-post")]).toEqual([415, "application/json"]);
		const key = '{"marks":{"a":null,"a":"b"}}';
		expect((await blog.ask("PATCH", "/v1/articles/1", { body: key, headers })).status).toBe(400);
	});
});
