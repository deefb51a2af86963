import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WatchWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { openRawWebSocket } from "../support/raw-websocket.ts";
import { startApp } from "../support/running-app.ts";

const schema = JSON.parse(readFileSync(join(root, "docs/websocket.schema.json"), "utf8"));
const ajv = new Ajv2020({ strict: true, allErrors: true });
ajv.addSchema(schema);
const fits = (part: "fromClient" | "fromServer", message: unknown) => {
	const isValid = ajv.validate(`${schema.$id}#/$defs/${part}`, message);
	return isValid ? "fits" : ajv.errorsText();
};

test("the schema of the WebSocket knows every field of a query", () => {
	const fields = WatchWukongRequestSchema.fields.map(({ jsonName }) => jsonName).sort();
	expect(Object.keys(schema.$defs.query.properties).sort()).toEqual(fields);
});

test("what the service says fits the schema, and what fits is taken", async () => {
	await using app = await startApp("--seed=2");
	const socket = await openRawWebSocket(Number(new URL(app.url).port));
	const sent = [
		{ type: "subscribe", id: "all" },
		{
			type: "subscribe",
			id: "some",
			query: {
				namespace: "default",
				name: "vm-0",
				labels: { app: "web" },
				labelSelector: "app",
				resourceVersion: "7",
				heartbeatInterval: "1s",
				minResourceVersion: "",
			},
		},
		{ type: "subscribe", id: "bad", query: { labelSelector: "a in b" } },
		{ type: "unsubscribe", id: "all" },
	];
	for (const message of sent) {
		expect(fits("fromClient", message)).toBe("fits");
		await socket.send(message);
	}
	const heard = (type: string) => socket.expectSaid(({ events }) => events?.[0]?.type === type);
	await heard("RESET");
	await heard("HEARTBEAT");
	for (const id of ["all", "bad"]) {
		await socket.expectSaid((message) => message.type === "status" && message.id === id);
	}
	for (const message of socket.said()) expect(fits("fromServer", message)).toBe("fits");
	await socket.close();
});

test.each([
	[{ type: "subscribe" }],
	[{ type: "subscribe", id: "" }],
	[{ type: "subscribe", id: "a", quary: {} }],
	[{ type: "ping", id: "a" }],
	[{ type: "unsubscribe", id: "a", query: {} }],
])("what the service closes with 4400 does not fit the schema: %j", async (message) => {
	expect(fits("fromClient", message)).not.toBe("fits");
	await using app = await startApp();
	const socket = await openRawWebSocket(Number(new URL(app.url).port));
	await socket.send(message);
	expect(await socket.expectClose()).toMatchObject({ code: 4400 });
});
