import { toBinary } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import {
	WukongEvent_Type as EventType,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { smallSpec, startService } from "./service-harness.ts";

const password = "s3cret-password";
const passwordHash = "s3cret-hash";

/** Any message as text, big numbers included. */
function textOf(answer: unknown): string {
	return JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

test("no credential ever comes back: not in answers, events, errors or the log", async () => {
	const service = await startService();
	const { client } = service;
	const said: string[] = [];
	const say = async (call: Promise<unknown>) => {
		said.push(
			await call.then(textOf, (error: ConnectError) => textOf([error.message, error.details])),
		);
	};
	const leave = new AbortController();
	const events = (async () => {
		for await (const event of client.watchWukong({}, { signal: leave.signal })) {
			said.push(Buffer.from(toBinary(WukongEventSchema, event)).toString("latin1"));
			if (event.type === EventType.DELETED) return;
		}
	})();

	const cloudInitUser = { name: "root", password, passwordHash };
	const wukong = { name: "vm", spec: { ...smallSpec, cloudInitUser } };
	await say(client.createWukong({ wukong, validateOnly: true }));
	await say(client.createWukong({ wukong, requestId: "r" }));
	await say(client.createWukong({ wukong, requestId: "r" }));
	await say(client.createWukong({ wukong }));
	await say(client.createWukong({ wukong: { name: "vm-2", spec: { cloudInitUser } } }));
	const update = { name: "vm", spec: { cloudInitUser } };
	await say(client.updateWukong({ wukong: update, validateOnly: true }));
	await say(client.updateWukong({ wukong: update }));
	await say(client.updateWukong({ wukong: { ...update, resourceVersion: "old" } }));
	await say(client.updateWukong({ wukong: { name: "vm", spec: { cpu: 1, cloudInitUser } } }));
	const longer = { ...cloudInitUser, password: password.repeat(100) };
	await say(client.updateWukong({ wukong: { name: "vm", spec: { cloudInitUser: longer } } }));
	await say(client.getWukong({ name: "vm" }));
	await say(client.listWukongs({}));
	await say(client.stopWukong({ name: "vm" }));
	await say(client.startWukong({ name: "vm" }));
	await say(client.deleteWukong({ name: "vm" }));
	await service.settle();
	await events;
	leave.abort();
	await service.close();

	// The user itself is shown, so the answers are not just empty.
	expect(said.filter((text) => text.includes("root")).length).toBeGreaterThan(10);
	for (const text of [...said, ...service.logLines]) expect(text).not.toContain("s3cret");
});
