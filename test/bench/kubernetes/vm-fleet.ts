import type { Document, KubeApi } from "../../cluster/kube-api.ts";
import { createNamespace } from "../../cluster/test-namespace.ts";
import { wukongPath } from "../../cluster/wukong-resource.ts";

/** Calls under way at the same time. */
const parallel = 16;

/** VMs per namespace. */
const perNamespace = 1_000;

/** Many VMs in a cluster. */
export interface Fleet {
	/** Changes a label of each. */
	changeAll(): Promise<void>;
}

/** Makes so many VMs as a working operator leaves them: about 2 kB each, running. */
export async function createFleet(admin: KubeApi, count: number): Promise<Fleet> {
	const namespaces: string[] = [];
	for (let made = 0; made < count; made += perNamespace) {
		namespaces.push(await createNamespace(admin));
	}
	const pathOf = (place: number) => wukongPath(namespaces[Math.floor(place / perNamespace)]);

	const forAll = async (work: (place: number) => Promise<void>) => {
		let next = 0;
		const worker = async () => {
			for (let place = next++; place < count; place = next++) await work(place);
		};
		await Promise.all(Array.from({ length: parallel }, worker));
	};

	await forAll(async (place) => {
		const body = vm(place);
		const path = pathOf(place);
		const { metadata } = await admin.expect({ method: "POST", path, body });
		await admin.expect({
			method: "PUT",
			path: `${path}/${metadata.name}/status`,
			body: { ...body, metadata, status: running(metadata.name) },
		});
	});
	return {
		changeAll: () =>
			forAll(async (place) => {
				const path = `${pathOf(place)}/vm-${place}`;
				const body = { metadata: { labels: { changed: "yes" } } };
				await admin.expect({ method: "PATCH", path, body });
			}),
	};
}

function vm(place: number): Document {
	return {
		apiVersion: "vm.novasphere.dev/v1alpha1",
		kind: "Wukong",
		metadata: {
			name: `vm-${place}`,
			labels: { app: `app-${place % 50}`, tier: place % 3 === 0 ? "web" : "data" },
			annotations: { "example.com/owner": `team-${place % 20}` },
		},
		spec: {
			cpu: 4,
			memory: "8Gi",
			osImage: "ubuntu-24.04",
			cloudInitUser: { name: "ops", passwordHash: "$6$salt$hash", groups: ["sudo"] },
			disks: [
				{ name: "root", size: "40Gi", storageClassName: "longhorn", boot: true },
				{ name: "data", size: "200Gi", storageClassName: "longhorn" },
			],
			networks: [{ name: "default" }, { name: "lan", type: "bridge", vlanId: 100 }],
			startStrategy: { runStrategy: "Always", autoStart: true },
		},
	};
}

function running(name: string): Document {
	const lastTransitionTime = "2026-01-01T00:00:00Z";
	const condition = (type: string, reason: string) => ({
		type,
		status: "True",
		reason,
		message: `${type} as wanted`,
		lastTransitionTime,
	});
	return {
		phase: "Running",
		vmName: `${name}-vm`,
		nodeName: "node-1",
		conditions: [
			condition("Ready", "VMRunning"),
			condition("NetworksConfigured", "AllNetworksReady"),
			condition("VolumesBound", "AllVolumesBound"),
		],
		networks: [
			{
				name: "default",
				interface: "eth0",
				ipAddress: "10.0.0.2",
				macAddress: "02:00:00:00:00:01",
			},
			{ name: "lan", interface: "eth1", ipAddress: "192.168.0.2", macAddress: "02:00:00:00:00:02" },
		],
		volumes: [
			{ name: "root", pvcName: `${name}-root`, bound: true, size: "40Gi" },
			{ name: "data", pvcName: `${name}-data`, bound: true, size: "200Gi" },
		],
	};
}
