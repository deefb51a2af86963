import type { JsonObject } from "@bufbuild/protobuf";
import { isJsonObject, objectAt } from "../../server/src/store/kubernetes/unstructured.ts";

/** The VMs and their runs that a KubeVirt has, and what it does to them. */
export interface KubeVirtMachines {
	get(plural: string, namespace: string, name: string): Promise<JsonObject | undefined>;
	setPaused(namespace: string, name: string, isPaused: boolean): Promise<void>;
	/** Notes what virt-controller is to do, as in `[{action: "Stop"}, {action: "Start"}]`. */
	request(namespace: string, name: string, actions: readonly JsonObject[]): Promise<void>;
	/** Tells a VM to be off. */
	setOff(namespace: string, name: string): Promise<void>;
	setGracePeriod(namespace: string, name: string, seconds: number): Promise<void>;
	/** The guest reboots where it runs; or its pod is ended. */
	hit(verb: string, namespace: string, name: string): Promise<void>;
}

export interface KubeVirtAnswer {
	readonly code: number;
	/** A text is no JSON; undefined: no content. */
	readonly body?: JsonObject | string;
}

const pattern =
	/^\/apis\/subresources\.kubevirt\.io\/v1(?:\/namespaces\/([^/]+)\/(virtualmachines|virtualmachineinstances)\/([^/]+)\/([a-z]+))?\/?$/;

/**
 * Answers a call of `subresources.kubevirt.io` as virt-api does, its oddities included: every refusal is
 * 409 Conflict, a restart that is under way is 500, and a dry run of a forced restart ends the pod.
 * Source: https://github.com/kubevirt/kubevirt/blob/main/pkg/virt-api/rest/lifecycle.go
 */
export async function answerSubresource(
	machines: KubeVirtMachines,
	{ method, path, body }: { method: string; path: string; body: JsonObject },
): Promise<KubeVirtAnswer> {
	const [match, namespace = "", plural = "", name = "", verb = ""] = pattern.exec(path) ?? [];
	if (match === undefined) return { code: 404, body: "404: Page Not Found" };
	if (plural === "") return { code: 200, body: { kind: "APIResourceList", resources: [] } };
	if (method !== "PUT") return { code: 405, body: "405: Method Not Allowed" };
	const dryRun = Array.isArray(body.dryRun) && body.dryRun[0] === "All";
	const vmi = await machines.get("virtualmachineinstances", namespace, name);
	const refuse = (code: number, reason: string, message: string, kind = plural.slice(0, -1)) => ({
		code,
		body: status(code, reason, message, { name, group: "kubevirt.io", kind }),
	});
	const conflict = (message: string) => refuse(409, "Conflict", message);
	const missing = () => refuse(404, "NotFound", `${plural} "${name}" not found`);
	const accepted = async (act: () => Promise<void>, code = 202): Promise<KubeVirtAnswer> => {
		if (!dryRun) await act();
		return { code };
	};

	if (plural === "virtualmachineinstances") {
		if (vmi === undefined) return missing();
		const isRunning = objectAt(vmi, "status").phase === "Running";
		const isPaused = conditionsOf(vmi).some((condition) => condition.type === "Paused");
		switch (`${verb}/${isRunning}/${isPaused}`) {
			case "pause/true/false":
				if (objectAt(vmi, "spec").livenessProbe !== undefined)
					return refuse(403, "Forbidden", "Pausing VMIs with LivenessProbe is not supported");
				return accepted(() => machines.setPaused(namespace, name, true), 200);
			case "pause/true/true":
				return conflict("VMI is already paused");
			case "unpause/true/true":
				return accepted(() => machines.setPaused(namespace, name, false), 200);
			case "unpause/true/false":
				return conflict("VMI is not paused");
			case "softreboot/true/true":
				return conflict("VMI is paused");
			case "softreboot/true/false":
			case "reset/true/false":
			case "reset/true/true":
				// Neither of them knows a dry run.
				await machines.hit(verb, namespace, name);
				return { code: 200 };
			case "reset/false/false":
				return refuse(400, "BadRequest", "Unable to connect: phase is not Running");
			default:
				return ["pause", "unpause", "softreboot"].includes(verb)
					? conflict("VMI is not running")
					: { code: 404, body: "404: Page Not Found" };
		}
	}

	const vm = await machines.get("virtualmachines", namespace, name);
	if (vm === undefined) return missing();
	const isOff = objectAt(vm, "spec").running === false;
	const pending = objectAt(vm, "status").stateChangeRequests;
	const phase = vmi === undefined ? "" : String(objectAt(vmi, "status").phase);
	const isLive = vmi !== undefined && phase !== "Succeeded" && phase !== "Failed";
	if (verb === "restart") {
		if (isOff) return conflict("RunStategy Halted does not support manual restart requests");
		if (vmi === undefined) return conflict("VM is not running: Halted");
		if (Array.isArray(pending) && pending.length > 0)
			return refuse(
				500,
				"InternalError",
				"unable to complete request: stop/start already underway",
			);
		if (body.gracePeriodSeconds !== undefined) await machines.hit("restart", namespace, name);
		const requests = [{ action: "Stop" }, { action: "Start" }];
		return accepted(() => machines.request(namespace, name, requests));
	}
	if (verb === "stop") {
		const { gracePeriod } = body;
		const had = vmi && objectAt(vmi, "spec").terminationGracePeriodSeconds;
		if (isLive && typeof gracePeriod === "number" && !dryRun)
			await machines.setGracePeriod(namespace, name, gracePeriod);
		if (!isOff) return accepted(() => machines.setOff(namespace, name));
		if (!isLive) return conflict("VM is not running");
		if (typeof gracePeriod !== "number" || (typeof had === "number" && gracePeriod >= had))
			return conflict("Halted only supports manual stop requests with a shorter graceperiod");
		return accepted(() => machines.request(namespace, name, [{ action: "Stop" }]));
	}
	return { code: 404, body: "404: Page Not Found" };
}

/** A `Status` as a Kubernetes server sends it. */
export function status(
	code: number,
	reason: string,
	message: string,
	details: JsonObject,
): JsonObject {
	return {
		kind: "Status",
		apiVersion: "v1",
		status: "Failure",
		code,
		reason,
		message,
		details,
	};
}

function conditionsOf(object: JsonObject): JsonObject[] {
	const { conditions } = objectAt(object, "status");
	return Array.isArray(conditions) ? conditions.filter(isJsonObject) : [];
}
