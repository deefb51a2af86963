import { expect, test } from "vitest";
import { type CarrierSource, readCarriers } from "../../../server/src/auth/carriers.ts";
import { ErrorReason, isFailure } from "../../../server/src/failure.ts";

type Fields = Record<string, string>;

function carriersOf(
	fields: Fields,
	{ url = "http://localhost/x", isWebSocket = false, ticket }: Partial<CarrierSource> = {},
) {
	return readCarriers({ header: new Headers(fields), url, isWebSocket, ticket, method: "GET" });
}

function read(fields: Fields, options?: Partial<CarrierSource>) {
	return carriersOf(fields, options).token;
}

/** The challenge of the failure. */
function failureOf(fields: Fields, options?: Parameters<typeof read>[1]): string {
	try {
		read(fields, options);
	} catch (error) {
		if (!isFailure(error, ErrorReason.UNAUTHENTICATED)) throw error;
		expect(error.message).not.toContain("s3cr3t");
		return error.details.challenge ?? "";
	}
	return "no failure";
}

const malformed = 'Bearer realm="wukong-server", error="invalid_request"';
const subprotocol = "base64url.bearer.authorization.k8s.io.";
const encoded = Buffer.from("s3cr3t").toString("base64url");

test("Authorization: Bearer carries a token, whatever the case of its scheme (RFC 6750, 2.1; RFC 9110, 11.1)", () => {
	expect(read({ authorization: "Bearer s3cr3t" })).toBe("s3cr3t");
	expect(read({ authorization: "bEARER  s3cr3t==" })).toBe("s3cr3t==");
	expect(read({})).toBeUndefined();
});

test("X-API-Key carries a token, and the subprotocol of Kubernetes does on a WebSocket", () => {
	expect(read({ "x-api-key": "s3cr3t" })).toBe("s3cr3t");
	const offered = { "sec-websocket-protocol": `wukong.v1, ${subprotocol}${encoded}` };
	expect(read(offered, { isWebSocket: true })).toBe("s3cr3t");
	expect(read(offered)).toBeUndefined();
});

test("carriers that show the same credential are one", () => {
	const fields = {
		authorization: "Bearer s3cr3t",
		"x-api-key": "s3cr3t",
		"sec-websocket-protocol": `${subprotocol}${encoded}`,
	};
	expect(read(fields, { isWebSocket: true })).toBe("s3cr3t");
});

test.each<[string, Fields]>([
	["Authorization and X-API-Key", { authorization: "Bearer s3cr3t", "x-api-key": "s3cr3t2" }],
	["two of Authorization", { authorization: "Bearer s3cr3t, Bearer s3cr3t2" }],
	["two keys", { "x-api-key": "s3cr3t, s3cr3t2" }],
	[
		"header and subprotocol",
		{ authorization: "Bearer other", "sec-websocket-protocol": subprotocol + encoded },
	],
	[
		"two subprotocols",
		{
			"sec-websocket-protocol": `${subprotocol}${encoded}, ${subprotocol}${Buffer.from("s3cr3t2").toString("base64url")}`,
		},
	],
])("two different credentials are refused: %s", (_, fields) => {
	expect(failureOf(fields, { isWebSocket: true })).toBe(malformed);
});

test("a ticket is one carrier, beside which there is no other", () => {
	const ticket = { text: "wt_x", principal: undefined };
	const url = "https://localhost/a?b=c";
	expect(carriersOf({}, { ticket, url })).toMatchObject({
		ticket,
		target: "/a?b=c",
		method: "GET",
	});
	expect(failureOf({ "x-api-key": "s3cr3t" }, { ticket })).toBe(malformed);
});

test.each<[string, Fields]>([
	["another scheme", { authorization: "Basic s3cr3t" }],
	["a scheme alone", { authorization: "Bearer" }],
	["nothing", { authorization: "" }],
	["white space inside", { authorization: "Bearer s3cr3t s3cr3t" }],
	["no b64token", { authorization: "Bearer s3cr3t\u00e9" }],
	["an empty key", { "x-api-key": "" }],
	["a key of other characters", { "x-api-key": "s3cr3t;" }],
	["an empty subprotocol", { "sec-websocket-protocol": subprotocol }],
	["padding in a subprotocol", { "sec-websocket-protocol": `${subprotocol}czNjcjN0MQ==` }],
	["a subprotocol that is no base64url", { "sec-websocket-protocol": `${subprotocol}s3cr3t!` }],
])("a malformed carrier is refused, not passed over: %s", (_, fields) => {
	expect(failureOf(fields, { isWebSocket: true })).toBe(malformed);
});

test.each([
	"access_token=s3cr3t",
	"a=1&token=s3cr3t",
	"ACCESS-TOKEN=s3cr3t",
	"%74oken=s3cr3t",
	"apiKey=s3cr3t",
	"api_key=s3cr3t",
	"X-API-Key=s3cr3t",
	"authorization=Bearer%20s3cr3t",
	"bearer=s3cr3t",
	"id_token=s3cr3t",
	"jwt=s3cr3t",
	"token",
])("a credential in the URL is refused, also beside a good one (RFC 6750, 5.3): %s", (query) => {
	const url = `http://localhost/api/v1/wukongs?${query}`;
	expect(failureOf({ authorization: "Bearer good" }, { url })).toBe(malformed);
});

test("no query parameter of the contract or of Connect is taken for a credential", () => {
	const names = ["pageToken=x", "page_token=x", "message=token%3D1", "encoding=json", "%zz=1", ""];
	for (const query of names)
		expect(read({}, { url: `http://localhost/x?${query}` })).toBeUndefined();
});
