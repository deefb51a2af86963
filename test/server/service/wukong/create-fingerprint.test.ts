import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import { expect, test } from "vitest";
import { fingerprintOf } from "../../../../server/src/service/wukong/create.ts";

const of = (init: MessageInitShape<typeof WukongSchema>) =>
	fingerprintOf(create(WukongSchema, init));

const user = { name: "root" };

test("the order of map keys does not count", () => {
	expect(of({ labels: { a: "1", b: "2" } })).toBe(of({ labels: { b: "2", a: "1" } }));
});

test("credentials do not count", () => {
	const secret = { ...user, password: "s3cret", passwordHash: "$6$x" };
	expect(of({ spec: { cloudInitUser: secret } })).toBe(of({ spec: { cloudInitUser: user } }));
});

test.each<[string, MessageInitShape<typeof WukongSchema>]>([
	["a name", { name: "b" }],
	["a label", { labels: { a: "1" } }],
	["a number", { spec: { cpu: 2 } }],
	["an optional field", { spec: { startStrategy: { autoStart: false } } }],
	["the order of disks", { spec: { disks: [{ name: "b" }, { name: "a" }] } }],
])("%s counts", (_, init) => {
	expect(of(init)).not.toBe(of({}));
	expect(of(init)).not.toBe(of({ spec: { disks: [{ name: "a" }, { name: "b" }] } }));
	expect(of(init)).toMatch(/^[0-9a-f]{64}$/);
});
