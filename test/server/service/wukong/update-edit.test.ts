import { clone, create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { createUpdateEdit } from "../../../../server/src/service/wukong/update-edit.ts";
import { parseUpdateMask } from "../../../../server/src/service/wukong/update-mask.ts";

type Init = MessageInitShape<typeof WukongSchema>;
type Spec = MessageInitShape<typeof WukongSpecSchema>;

/** A VM as a store publishes it: without credentials, start strategy effective. */
const current = create(WukongSchema, {
	name: "vm",
	namespace: "default",
	uid: "u1",
	labels: { app: "web", tier: "gold" },
	annotations: { note: "kept" },
	spec: {
		cpu: 2,
		memory: "4Gi",
		osImage: "debian",
		disks: [
			{ name: "root", size: "10Gi" },
			{ name: "data", size: "20Gi" },
		],
		networks: [{ name: "default", vlanId: 7 }],
		cloudInitUser: { name: "root", shell: "/bin/zsh", lockPasswd: true },
		highAvailability: { restartPolicy: "Always", nodeSelector: { zone: "a", rack: "1" } },
		startStrategy: { runStrategy: "Always", autoStart: false },
	},
});

function edit(body: Init, ...paths: string[]) {
	const mask = parseUpdateMask({ paths });
	return createUpdateEdit({ body: create(WukongSchema, body), mask })(current);
}

/** `current` with some parts of its spec changed. */
function withSpec(change: Spec): Wukong {
	const copy = clone(WukongSchema, current);
	// What has a type name is taken as it is; without one, the parts are made into messages.
	const { $typeName: _, ...spec } = copy.spec ?? create(WukongSpecSchema);
	copy.spec = create(WukongSpecSchema, { ...spec, ...change } as Spec);
	return copy;
}

function expectNext(next: Wukong, expected: Wukong) {
	expect(next).toEqual(expected);
	expect(equals(WukongSchema, next, expected)).toBe(true);
}

describe("without a mask", () => {
	test.each<[string, Spec, Spec]>([
		["a scalar that is set", { cpu: 4 }, { cpu: 4 }],
		["a scalar that is unset clears nothing:", { cpu: 0, osImage: "" }, {}],
		["a non-empty list as a whole", { disks: [{ name: "new" }] }, { disks: [{ name: "new" }] }],
		["an empty list clears nothing:", { disks: [] }, {}],
		[
			"messages field by field",
			{ cloudInitUser: { sudo: "ALL" } },
			{ cloudInitUser: { name: "root", shell: "/bin/zsh", lockPasswd: true, sudo: "ALL" } },
		],
		[
			"an optional field that is present, though false",
			{ cloudInitUser: { lockPasswd: false } },
			{ cloudInitUser: { name: "root", shell: "/bin/zsh", lockPasswd: false } },
		],
		["an empty message clears nothing:", { cloudInitUser: {}, highAvailability: {} }, {}],
		[
			"nested map keys one by one",
			{ highAvailability: { nodeSelector: { rack: "2" } } },
			{ highAvailability: { restartPolicy: "Always", nodeSelector: { zone: "a", rack: "2" } } },
		],
		[
			"auto_start, keeping run_strategy",
			{ startStrategy: { autoStart: true } },
			{ startStrategy: { runStrategy: "Always", autoStart: true } },
		],
		[
			"run_strategy, keeping auto_start",
			{ startStrategy: { runStrategy: "Manual" } },
			{ startStrategy: { runStrategy: "Manual", autoStart: false } },
		],
	])("takes %s %j", (_, given, expected) => {
		expectNext(edit({ spec: given }).next, withSpec(expected));
	});

	test("takes each map key given and keeps the others", () => {
		const { next } = edit({ labels: { tier: "silver", new: "" } });
		expect(next.labels).toEqual({ app: "web", tier: "silver", new: "" });
		expect(next.annotations).toEqual({ note: "kept" });
	});

	test("an empty body changes nothing", () => {
		expectNext(edit({ name: "vm" }).next, current);
	});

	test("identity and output-only fields are not taken", () => {
		const given = { uid: "u2", generation: 9n, resourceVersion: "7", status: { phase: "Running" } };
		expectNext(edit(given).next, current);
	});
});

describe("with a mask", () => {
	test.each<[string, Spec, Spec]>([
		["spec.cpu", { cpu: 8, memory: "9Gi" }, { cpu: 8 }],
		["spec.os_image", {}, { osImage: "" }],
		["spec.disks", { disks: [{ name: "root" }] }, { disks: [{ name: "root" }] }],
		["spec.networks", {}, { networks: [] }],
		["spec.high_availability", {}, { highAvailability: undefined }],
		[
			"spec.high_availability",
			{ highAvailability: { antiAffinity: true } },
			{ highAvailability: { antiAffinity: true } },
		],
		[
			"spec.high_availability.node_selector",
			{ highAvailability: { nodeSelector: { zone: "b" } } },
			{ highAvailability: { restartPolicy: "Always", nodeSelector: { zone: "b" } } },
		],
		[
			"spec.high_availability.node_selector.zone",
			{},
			{ highAvailability: { restartPolicy: "Always", nodeSelector: { rack: "1" } } },
		],
		[
			"spec.cloud_init_user.lock_passwd",
			{},
			{ cloudInitUser: { name: "root", shell: "/bin/zsh" } },
		],
		["spec.cloud_init_user", {}, { cloudInitUser: undefined }],
		[
			"spec.start_strategy.run_strategy",
			{ startStrategy: { autoStart: true } },
			{ startStrategy: { runStrategy: "", autoStart: false } },
		],
	])("%s equals the body's afterwards: %j", (path, given, expected) => {
		expectNext(edit({ spec: given }, path).next, withSpec(expected));
	});

	test("a named map is replaced, a named key touches that one key", () => {
		expect(edit({ labels: { a: "1" } }, "labels").next.labels).toEqual({ a: "1" });
		expect(edit({ labels: { app: "db", x: "1" } }, "labels.app").next.labels).toEqual({
			app: "db",
			tier: "gold",
		});
		expect(edit({}, "labels.tier").next.labels).toEqual({ app: "web" });
		expect(edit({}, "labels").next.labels).toEqual({});
	});

	test("a key that every object seems to have is not there", () => {
		expect(edit({}, "labels.constructor").next.labels).toEqual(current.labels);
	});

	test("* replaces all but what is sticky", () => {
		const { next } = edit({ labels: { a: "1" }, spec: { cpu: 4 } }, "*");
		const spec = { cpu: 4, startStrategy: { autoStart: false } };
		const { name, namespace, uid } = current;
		expectNext(
			next,
			create(WukongSchema, { name, namespace, uid, labels: { a: "1" }, spec } as Init),
		);
	});

	test("clearing below a message that is not there does not make it", () => {
		const bare = create(WukongSchema, { name: "vm", spec: { cpu: 1 } });
		const mask = parseUpdateMask({ paths: ["spec.cloud_init_user.shell"] });
		const { next } = createUpdateEdit({ body: create(WukongSchema), mask })(bare);
		expect(next.spec?.cloudInitUser).toBeUndefined();
	});
});

describe("auto_start is sticky", () => {
	test.each<[string, Init, string[], boolean]>([
		["survives * without it", { spec: { cpu: 4 } }, ["*"], false],
		["survives the replacement of spec", {}, ["spec"], false],
		["survives the replacement of start_strategy", {}, ["spec.start_strategy"], false],
		["changes when set", { spec: { startStrategy: { autoStart: true } } }, ["*"], true],
		["named but unset is its default, true", {}, ["spec.start_strategy.auto_start"], true],
		["named beside * but unset is true", {}, ["*", "spec.start_strategy.auto_start"], true],
	])("it %s", (_, body, paths, expected) => {
		expect(edit(body, ...paths).next.spec?.startStrategy?.autoStart).toBe(expected);
	});
});

describe("credentials", () => {
	const keep = { action: "keep" };
	const clear = { action: "clear" };
	const set = { action: "set", value: "s3cret" };
	const given = { spec: { cloudInitUser: { name: "root", password: "s3cret" } } };

	test.each<[string, Init, string[], object, object]>([
		["stay when nothing is said", { labels: { a: "1" } }, [], keep, keep],
		["change when set without a mask", given, [], set, keep],
		[
			"stay when a parent is replaced without them",
			{ spec: { cloudInitUser: { name: "x" } } },
			["spec.cloud_init_user"],
			keep,
			keep,
		],
		["stay under * without them", { spec: { cloudInitUser: { name: "x" } } }, ["*"], keep, keep],
		["change when set under a named parent", given, ["spec"], set, keep],
		["change when set under *", given, ["*"], set, keep],
		["are not taken when the mask does not cover them", given, ["labels"], keep, keep],
		[
			"are not taken when another field of the user is named",
			given,
			["spec.cloud_init_user.shell"],
			keep,
			keep,
		],
		["change when named and set", given, ["spec.cloud_init_user.password"], set, keep],
		["are cleared when named and unset", {}, ["spec.cloud_init_user.password_hash"], keep, clear],
		["go with their user", {}, ["spec.cloud_init_user"], clear, clear],
		["go with the user under *", { spec: { cpu: 1 } }, ["*"], clear, clear],
	])("%s", (_, body, paths, password, passwordHash) => {
		expect(edit(body, ...paths)).toMatchObject({ password, passwordHash });
	});

	test("are never in the new state", () => {
		for (const paths of [[], ["*"], ["spec.cloud_init_user.password"]]) {
			const { next } = edit(given, ...paths);
			expect(next.spec?.cloudInitUser?.password).toBe("");
		}
	});

	test("set where there is no user make one, for the rules to judge", () => {
		const bare = create(WukongSchema, { name: "vm", spec: { cpu: 1 } });
		const mask = parseUpdateMask({ paths: ["spec.cloud_init_user.password"] });
		const body = create(WukongSchema, given);
		const { next } = createUpdateEdit({ body, mask })(bare);
		expect(next.spec?.cloudInitUser).toMatchObject({ name: "" });
	});
});

test("an edit may be made again, and changes neither the state nor the request", () => {
	const body = create(WukongSchema, { spec: { cpu: 4, startStrategy: {} } });
	const before = clone(WukongSchema, body);
	const state = clone(WukongSchema, current);
	const apply = createUpdateEdit({ body, mask: parseUpdateMask({ paths: ["*"] }) });
	const first = apply(current);
	const on = clone(WukongSchema, current);
	if (on.spec?.startStrategy) on.spec.startStrategy.autoStart = true;
	expect(apply(on).next.spec?.startStrategy?.autoStart).toBe(true);
	expect(apply(current)).toEqual(first);
	expect(body).toEqual(before);
	expect(current).toEqual(state);
});
