import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { systemClock } from "../../server/src/clock.ts";
import { Failure, type FieldViolation } from "../../server/src/failure.ts";
import { validateWukong } from "../../server/src/resource/wukong/rules/rules.ts";
import { createApiClient } from "../../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../../server/src/store/kubernetes/kinds/wukong.ts";
import { openKubeconfig } from "../../server/src/store/kubernetes/kubeconfig-access.ts";
import { failureOf } from "../../server/src/store/kubernetes/write-failure.ts";
import type { Store } from "../../server/src/store/store.ts";
import { createRecordingSink } from "../server/store/recording-sink.ts";
import {
	change,
	createOptions,
	refTo,
	type SpecInit,
	writeOptions,
	wukongNamed,
} from "../server/store/write.ts";
import { createClusterStore, patientTimings } from "./cluster-store.ts";
import { createKubeApi } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { poll } from "./poll.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
const namespace = await createNamespace(admin);
const dry = { ...createOptions, validateOnly: true };
/** Serves all namespaces, under the service's own rights. */
let store: Store;

beforeAll(async () => {
	store = await createClusterStore(await serviceAccess(admin, cluster, ""), "");
	await store.start(createRecordingSink());
});
afterAll(async () => {
	await store.close();
	admin.close();
});

const named = (name: string, spec?: SpecInit) => wukongNamed(name, spec, namespace);

/** The refusal of a write; nothing else may come of it. */
async function refusalOf(write: Promise<unknown>): Promise<Failure> {
	const failure = await write.then(
		() => undefined,
		(error) => error,
	);
	if (failure instanceof Failure) return failure;
	throw new Error("no Failure", { cause: failure });
}

/** Violations as "field: description". */
const inShort = (violations: readonly FieldViolation[] = []) =>
	violations.map(({ field, description }) => `${field}: ${description}`);

describe("what the API server's own rules refuse is INVALID_WUKONG with the contract's fields", () => {
	const disk = { name: "root", size: "20Gi" };
	const many = Array.from({ length: 257 }, (_, index) => ({ ...disk, name: `disk-${index}` }));
	const quantity = "should match '^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|Ei|K|M|G|T|P|E)?$'";
	test.each<[string, SpecInit, string[]]>([
		["a number", { cpu: 65 }, ["cpu: should be less than or equal to 64"]],
		["a text that has quotes and colons", { memory: '4 "GB: x' }, [`memory: ${quantity}`]],
		["a list that is too long", { disks: many }, ["disks: must have at most 256 items"]],
		["a name used twice", { disks: [disk, disk] }, ["disks[1].name: is used twice"]],
		["what is missing", { disks: [] }, ["disks: is required"]],
		[
			"an unknown word",
			{ networks: [{ name: "lan", type: "vxlan" }] },
			['networks[0].type: supported values: "bridge", "macvlan", "sriov", "ovs"'],
		],
		[
			"a field that another one needs",
			{ networks: [{ name: "lan", ipConfig: { mode: "static" } }] },
			["networks[0].ip_config.address: is required when mode is static"],
		],
		[
			"several fields",
			{ cpu: 65, memory: "much" },
			["cpu: should be less than or equal to 64", `memory: ${quantity}`],
		],
	])("%s", async (_, spec, violations) => {
		for (const options of [createOptions, dry]) {
			const { reason, details } = await refusalOf(store.create(named("refused", spec), options));
			expect(ErrorReason[reason]).toBe("INVALID_WUKONG");
			const expected = violations.map((violation) => `wukong.spec.${violation}`);
			expect(inShort(details.violations).sort()).toEqual(expected);
		}
	});

	test("a name used twice is told of the field that the service's own rule names", async () => {
		const twice = named("twice", { disks: [disk, disk] });
		const { details } = await refusalOf(store.create(twice, createOptions));
		const fields = (violations: readonly FieldViolation[] = []) => violations.map((v) => v.field);
		expect(fields(details.violations)).toEqual(fields(validateWukong(twice, undefined)));
	});

	test("an update", async () => {
		await store.create(named("large", { cpu: 8 }), createOptions);
		const shrink = change((next) => {
			if (next.spec) next.spec.cpu = 4;
		});
		const { reason, details } = await refusalOf(
			store.edit(refTo("large", namespace), shrink, writeOptions),
		);
		expect(ErrorReason[reason]).toBe("INVALID_WUKONG");
		expect(inShort(details.violations)).toEqual(["wukong.spec.cpu: may grow but not shrink"]);
	});
});

describe("an admission rule of the cluster", () => {
	const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
	const policy = { apiVersion: "admissionregistration.k8s.io/v1", metadata: { name: namespace } };
	const password = "object.spec.cloudInitUser.password";
	const user = { name: "ops", password: "hunter2-hunter2" };

	beforeAll(async () => {
		const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
		const resourceRules = [
			{
				apiGroups: ["vm.novasphere.dev"],
				apiVersions: ["*"],
				operations: ["CREATE", "UPDATE"],
				resources: ["wukongs"],
			},
		];
		const validations = [
			{ expression: "object.spec.memory != '13Gi'", message: "13 is bad luck" },
			{
				expression: "object.spec.memory != '14Gi'",
				messageExpression: `'the password is ' + ${password}`,
			},
		];
		const kind = "ValidatingAdmissionPolicy";
		const body = { ...policy, kind, spec: { matchConstraints: { resourceRules }, validations } };
		await admin.expect({ method: "POST", path: policies, body });
		await admin.expect({
			method: "POST",
			path: policies.replace("policies", "policybindings"),
			body: {
				...policy,
				kind: `${kind}Binding`,
				spec: {
					policyName: namespace,
					validationActions: ["Deny"],
					matchResources: { namespaceSelector },
				},
			},
		});
		await poll("the policy is at work", () =>
			store.create(named("probe", { memory: "13Gi" }), dry).then(
				() => false,
				() => true,
			),
		);
	});

	test("is told in its own words, without its name, also where nothing would be stored", async () => {
		for (const options of [createOptions, dry]) {
			const write = store.create(named("unlucky", { memory: "13Gi" }), options);
			const { reason, details } = await refusalOf(write);
			expect(ErrorReason[reason]).toBe("INVALID_WUKONG");
			expect(inShort(details.violations)).toEqual(["wukong: 13 is bad luck"]);
		}
	});

	test("that repeats a credential is not told, neither of a creation nor of an update", async () => {
		const spec = { memory: "12Gi", cloudInitUser: user };
		await store.create(named("talker", spec), createOptions);
		const grow = change((next) => {
			if (next.spec) next.spec.memory = "14Gi";
		});
		const failures = [
			await refusalOf(store.create(named("talker-2", { ...spec, memory: "14Gi" }), createOptions)),
			await refusalOf(store.edit(refTo("talker", namespace), grow, writeOptions)),
		];
		for (const { details } of failures) {
			expect(inShort(details.violations)).toEqual(["wukong: breaks a rule of the cluster"]);
		}
	});
});

describe("a namespace that cannot take a Wukong is NAMESPACE_NOT_FOUND", () => {
	test("where there is none", async () => {
		const { reason } = await refusalOf(
			store.create(wukongNamed("a", {}, "nowhere"), createOptions),
		);
		expect(ErrorReason[reason]).toBe("NAMESPACE_NOT_FOUND");
	});

	test("where it is being deleted", async () => {
		const ending = await createNamespace(admin);
		await admin.expect({ method: "DELETE", path: `/api/v1/namespaces/${ending}` });
		const { reason } = await refusalOf(store.create(wukongNamed("a", {}, ending), createOptions));
		expect(ErrorReason[reason]).toBe("NAMESPACE_NOT_FOUND");
	});
});

test("a namespace that the rights do not cover is PERMISSION_DENIED, also where there is none", async () => {
	const kubeconfig = await writeKubeconfig(await serviceAccess(admin, cluster, namespace));
	const api = createApiClient({
		resource: wukongKind,
		access: await openKubeconfig({ kubeconfig: kubeconfig.path, context: "", maxConnections: 1 }),
		namespace,
		timings: patientTimings,
		clock: systemClock,
	});
	for (const other of ["default", "nowhere"]) {
		const ref = refTo("a", other);
		const resource = wukongKind.toResource(wukongNamed("a", {}, other), {
			requestId: "",
			fingerprint: "",
		});
		const error = await api.create(resource, { namespace: other, dryRun: false }).catch((e) => e);
		expect(failureOf(error, { kind: wukongKind, ref, effect: "write", secrets: [] })).toMatchObject(
			{
				reason: ErrorReason.PERMISSION_DENIED,
			},
		);
	}
	api.close();
	await kubeconfig.remove();
});
