import { afterAll, expect, inject, test } from "vitest";
import { createKubeApi } from "./kube-api.ts";
import { createNamespace } from "./test-namespace.ts";
import { definitionPath, wukongPath, wukongResource } from "./wukong-resource.ts";

const api = createKubeApi(inject("cluster"));
const namespace = await createNamespace(api);
const path = wukongPath(namespace);

afterAll(() => api.close());

const create = (name: string, spec = {}) =>
	api.expect({ method: "POST", path, body: wukongResource(name, spec) });

test("the definition is established, and no part of its schema is refused", async () => {
	const { status } = await api.expect({ method: "GET", path: definitionPath });
	const conditions = status.conditions.map((it: { type: string; status: string }) => [
		it.type,
		it.status,
	]);
	// A schema that is not structural would add NonStructuralSchema.
	expect(Object.fromEntries(conditions)).toEqual({ NamesAccepted: "True", Established: "True" });
	expect(status.acceptedNames.shortNames).toEqual(["wk"]);
});

test("a Wukong with every field set is stored as it is", async () => {
	const spec = {
		cpu: 64,
		memory: "1.5Gi",
		osImage: "ubuntu-24.04",
		sshKeySecret: "keys",
		cloudInitUser: {
			name: "root",
			password: "secret",
			passwordHash: "$6$salt$hash",
			sudo: "ALL=(ALL) ALL",
			shell: "/bin/sh",
			groups: ["wheel"],
			lockPasswd: false,
		},
		disks: [{ name: "root", size: "20Gi", storageClassName: "fast", boot: true, image: "ubuntu" }],
		networks: [
			{
				name: "lan",
				type: "ovs",
				nadName: "lan-nad",
				vlanId: 4094,
				bridgeName: "br0",
				physicalInterface: "eth1",
				primary: true,
				nodeIP: "192.0.2.1",
				ipConfig: {
					mode: "static",
					address: "192.0.2.7/24",
					gateway: "192.0.2.1",
					dnsServers: ["192.0.2.2", "192.0.2.3"],
				},
			},
		],
		highAvailability: {
			restartPolicy: "OnFailure",
			antiAffinity: true,
			nodeSelector: { zone: "a" },
			tolerations: [
				{
					key: "k",
					operator: "Equal",
					value: "v",
					effect: "NoExecute",
					tolerationSeconds: 2 ** 40,
				},
			],
		},
		gpus: [{ name: "gpu", deviceName: "nvidia.com/GP102GL" }],
		restoreFromSnapshot: "before-upgrade",
		startStrategy: { runStrategy: "Manual", autoStart: false },
	};
	expect((await create("every-field", spec)).spec).toEqual(spec);
});

test("a field that the schema lacks is dropped, with a warning, wherever it stands", async () => {
	const { status, body, warnings } = await api.send({
		method: "POST",
		path,
		body: wukongResource("pruned", {
			running: true,
			disks: [{ name: "root", size: "20Gi", bus: "virtio" }],
		}),
	});
	expect(status).toBe(201);
	expect(body.spec).not.toHaveProperty("running");
	expect(body.spec.disks[0]).not.toHaveProperty("bus");
	expect(warnings.join()).toMatch(/spec\.running.*spec\.disks\[0\]\.bus|bus.*running/);
});

test("defaults are filled into entries of lists, and nowhere else", async () => {
	const { spec } = await create("defaults", {
		networks: [{ name: "default" }],
		cloudInitUser: { name: "root" },
		startStrategy: { runStrategy: "Always" },
	});
	expect(spec).toEqual({
		cpu: 2,
		memory: "4Gi",
		disks: [{ name: "root", size: "20Gi", storageClassName: "longhorn" }],
		networks: [{ name: "default", type: "bridge" }],
		cloudInitUser: { name: "root" },
		startStrategy: { runStrategy: "Always" },
	});
});

test("sending a Wukong again without its defaults writes nothing", async () => {
	const { metadata } = await create("again");
	const again = wukongResource("again");
	again.metadata.resourceVersion = metadata.resourceVersion;
	const stored = await api.expect({ method: "PUT", path: `${path}/again`, body: again });
	expect(stored.metadata.resourceVersion).toBe(metadata.resourceVersion);
});

test("a writer of spec cannot write status, nor a writer of status spec", async () => {
	await create("apart");
	const both = { spec: { cpu: 4 }, status: { phase: "Running" } };
	const wished = await api.expect({ method: "PATCH", path: `${path}/apart`, body: both });
	expect(wished).toMatchObject({ spec: { cpu: 4 }, metadata: { generation: 2 } });
	expect(wished).not.toHaveProperty("status");

	const observed = await api.expect({
		method: "PATCH",
		path: `${path}/apart/status`,
		body: { ...both, spec: { cpu: 8 } },
	});
	expect(observed).toMatchObject({
		spec: { cpu: 4 },
		status: { phase: "Running" },
		metadata: { generation: 2 },
	});
});

test("a status with everything in it is stored as it is, new words included", async () => {
	await create("observed");
	const status = {
		phase: "Hibernating",
		vmName: "observed-vm",
		nodeName: "node-1",
		conditions: [
			{
				type: "Balanced",
				status: "True",
				reason: "Done",
				message: "All is well.",
				lastTransitionTime: "2026-01-02T03:04:05Z",
				observedGeneration: 1,
			},
		],
		networks: [
			{
				name: "default",
				interface: "eth0",
				ipAddress: "10.0.0.7",
				macAddress: "02:00:00:00:00:07",
				nadName: "nad",
				primary: true,
			},
		],
		volumes: [{ name: "root", pvcName: "observed-root", bound: true, size: "20Gi" }],
	};
	const body = { status };
	const stored = await api.expect({ method: "PATCH", path: `${path}/observed/status`, body });
	expect(stored.status).toEqual(status);
});

test("kubectl shows phase, size, node, address and age", async () => {
	await create("shown");
	const status = { phase: "Running", nodeName: "node-1", networks: [{ ipAddress: "10.0.0.8" }] };
	await api.expect({ method: "PATCH", path: `${path}/shown/status`, body: { status } });
	const table = await api.expect({
		method: "GET",
		path: `${path}/shown`,
		accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
	});
	const names = table.columnDefinitions.map((column: { name: string }) => column.name);
	expect(names).toEqual(["Name", "Phase", "CPU", "Memory", "Node", "IP", "Age"]);
	expect(table.rows[0].cells.slice(0, -1)).toEqual([
		"shown",
		"Running",
		2,
		"4Gi",
		"node-1",
		"10.0.0.8",
	]);
	expect(table.rows[0].cells.at(-1)).toMatch(/^\d+s$/);
});
