import { create, fromBinary } from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { toPublicView } from "../../../../server/src/resource/wukong/public-view.ts";
import {
	createdRecord,
	decodeWukong,
	editedRecord,
	encodeWukong,
} from "../../../../server/src/store/embedded/record.ts";
import { change, wukongNamed } from "../write.ts";

const nowMs = Date.UTC(2026, 0, 1);
const user = { name: "admin", password: "pw", passwordHash: "hash" };

describe("a record", () => {
	test("leaves out fields that the contract does not know", () => {
		// Field 99 of Wukong, a string: "pw".
		const unknown = new Uint8Array([...encodeWukong(wukongNamed("a")), 0x9a, 6, 2, 0x70, 0x77]);
		const given = fromBinary(WukongSchema, unknown);
		expect(given.$unknown).toHaveLength(1);
		expect(createdRecord(given, "u", nowMs).$unknown).toBeUndefined();
		expect(decodeWukong(encodeWukong(given)).$unknown).toBeUndefined();
	});

	test("has the power wish written out as the operator reads it", () => {
		const wish = (init: object) =>
			createdRecord(wukongNamed("a", init), "u", nowMs).spec?.startStrategy?.autoStart;
		expect(wish({})).toBe(true);
		expect(wish({ startStrategy: {} })).toBe(false);
		expect(wish({ startStrategy: { autoStart: true } })).toBe(true);
	});
});

describe("an edit", () => {
	const current = createdRecord(wukongNamed("a", { cloudInitUser: user }), "u", nowMs);
	const hidden = { "wukong.novasphere.dev/note": "own" };
	const edited = (edit: ReturnType<typeof change>, record = current) =>
		editedRecord(record, edit(toPublicView(record)));

	test("keeps hidden annotations, even when it drops all others or brings its own", () => {
		const record = create(WukongSchema, { ...current, annotations: { ...hidden, note: "n" } });
		const next = edited(
			change((wukong) => {
				wukong.annotations = { "wukong.novasphere.dev/note": "forged" };
			}),
			record,
		);
		expect(next?.annotations).toEqual(hidden);
	});

	test("changes each credential on its own", () => {
		const set = change(() => {}, { password: { action: "set", value: "other" } });
		expect(edited(set)?.spec?.cloudInitUser).toMatchObject({ ...user, password: "other" });
		const clear = change(() => {}, { passwordHash: { action: "clear" } });
		expect(edited(clear)?.spec?.cloudInitUser).toMatchObject({ ...user, passwordHash: "" });
	});

	test("takes no credential from the state that it returns", () => {
		const forged = change((wukong) => {
			if (wukong.spec?.cloudInitUser) wukong.spec.cloudInitUser.password = "forged";
		});
		expect(edited(forged)).toBeUndefined();
	});

	test("cannot touch what callers do not decide", () => {
		const forged = change((wukong) => {
			wukong.labels.tier = "web";
			wukong.uid = "forged";
			wukong.generation = 99n;
			if (wukong.status) wukong.status.phase = "Forged";
		});
		expect(edited(forged)).toMatchObject({ uid: "u", generation: 1n, status: { phase: "" } });
	});
});
