import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { text } from "node:stream/consumers";
import { generate } from "selfsigned";
import { keepPort } from "../../support/kept-port.ts";
import { answerSubresource, type KubeVirtMachines } from "../../support/kubevirt-rules.ts";
import type { KubeApi } from "../kube-api.ts";
import { poll } from "../poll.ts";
import { type KubeVirtPlural, kubevirtPath, setStatus } from "./kubevirt-objects.ts";

/** KubeVirt's own server behind the aggregator of a real API server. */
export interface AggregatedSubresources {
	/** Verbs that came, as in `PUT virtualmachines/web-vm/restart {}`. */
	readonly verbs: string[];
	/** Answers a verb instead; true where it did. */
	intercept: ((words: string, response: ServerResponse) => boolean) | undefined;
	/** Ends it, as when KubeVirt is down: connections are refused. The API server still lists it. */
	stop(): Promise<void>;
	/** Starts it again on its port. */
	start(): Promise<void>;
	close(): Promise<void>;
}

const group = "subresources.kubevirt.io";
const service = { namespace: "default", name: "virt-api" };
const discovery = { method: "GET", path: `/apis/${group}/v1` } as const;

/**
 * Starts a server that plays virt-api over the KubeVirt objects of a cluster, and registers it: an
 * APIService, and a Service of type ExternalName, which is all that a kube-apiserver without nodes can
 * reach. Resolves when the API server passes calls on.
 */
export async function startSubresources(admin: KubeApi): Promise<AggregatedSubresources> {
	const verbs: string[] = [];
	const host = `${service.name}.${service.namespace}.svc`;
	const pair = await generate([{ name: "commonName", value: host }], {
		algorithm: "sha256",
		keyType: "ec",
		extensions: [
			{ name: "basicConstraints", cA: true },
			{ name: "subjectAltName", altNames: [{ type: 2, value: host }] },
		],
	});
	const machines = createMachines(admin, verbs);
	let server: Server | undefined;
	const port = await keepPort();
	const played: AggregatedSubresources = {
		verbs,
		intercept: undefined,
		async stop() {
			const ending = server;
			server = undefined;
			ending?.closeAllConnections();
			await new Promise((resolve) => (ending ? ending.close(resolve) : resolve(undefined)));
		},
		async start() {
			const started = createServer({ key: pair.private, cert: pair.cert }, (request, response) => {
				const answer = async () => {
					const { method = "", url = "" } = request;
					const content = await text(request);
					const path = new URL(url, "https://virt-api").pathname;
					const [, verb = ""] = /\/namespaces\/[^/]+\/(.+)$/.exec(path) ?? [];
					const words = `${method} ${verb} ${content}`;
					if (verb !== "") {
						verbs.push(words);
						if (played.intercept?.(words, response) === true) return;
					}
					const body = content === "" ? {} : JSON.parse(content);
					const { code, body: told } = await answerSubresource(machines, { method, path, body });
					const isJson = typeof told === "object";
					response.writeHead(code, isJson ? { "content-type": "application/json" } : {});
					response.end(isJson ? JSON.stringify(told) : told);
				};
				answer().catch((error) => response.writeHead(500).end(String(error)));
			});
			server = started;
			await new Promise<void>((resolve) => started.listen(port, "127.0.0.1", resolve));
		},
		close: () => played.stop(),
	};
	await played.start();
	await register(admin, port, pair.cert);
	await poll("the aggregator passes calls on", async () => {
		return (await admin.send(discovery)).status === 200;
	});
	return played;
}

async function register(admin: KubeApi, port: number, certificate: string): Promise<void> {
	const { namespace, name } = service;
	await admin.expect({
		method: "POST",
		path: `/api/v1/namespaces/${namespace}/services`,
		body: {
			apiVersion: "v1",
			kind: "Service",
			metadata: { name },
			spec: { type: "ExternalName", externalName: "localhost", ports: [{ port }] },
		},
	});
	await admin.expect({
		method: "POST",
		path: "/apis/apiregistration.k8s.io/v1/apiservices",
		body: {
			apiVersion: "apiregistration.k8s.io/v1",
			kind: "APIService",
			metadata: { name: `v1.${group}` },
			spec: {
				group,
				version: "v1",
				groupPriorityMinimum: 1_000,
				versionPriority: 15,
				service: { namespace, name, port },
				caBundle: Buffer.from(certificate).toString("base64"),
			},
		},
	});
}

/** The VMs as the API server has them, and what KubeVirt's controllers would do to them. */
function createMachines(admin: KubeApi, verbs: string[]): KubeVirtMachines {
	const patch = (plural: KubeVirtPlural, namespace: string, name: string, body: object) =>
		admin.expect({ method: "PATCH", path: kubevirtPath(plural, namespace, name), body });
	return {
		async get(plural, namespace, name) {
			const path = kubevirtPath(plural as KubeVirtPlural, namespace, name);
			const { status, body } = await admin.send({ method: "GET", path });
			return status === 200 ? body : undefined;
		},
		setPaused: (namespace, name, isPaused) =>
			setStatus(admin, kubevirtPath("virtualmachineinstances", namespace, name), {
				conditions: isPaused ? [{ type: "Paused", status: "True" }] : [],
			}),
		request: (namespace, name, actions) =>
			setStatus(admin, kubevirtPath("virtualmachines", namespace, name), {
				stateChangeRequests: [...actions],
			}),
		setOff: (namespace, name) =>
			patch("virtualmachines", namespace, name, { spec: { running: false } }),
		setGracePeriod: (namespace, name, seconds) =>
			patch("virtualmachineinstances", namespace, name, {
				spec: { terminationGracePeriodSeconds: seconds },
			}),
		async hit(verb, _namespace, name) {
			verbs.push(`${verb} hits ${name}`);
		},
	};
}
