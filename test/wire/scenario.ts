import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { WukongStatus_PowerState as PowerState } from "@novasphere/wukong-gen/wukong";
import {
	RestartWukongRequest_Mode as Mode,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { errorRecord, messageRecord } from "./transcript.ts";
import type { UnaryName, WireClient } from "./wire-client.ts";

/** A realistic VM, with credentials that must not come back. */
export const manifest = {
	name: "db-1",
	labels: { app: "db", tier: "back" },
	annotations: { note: "grüße" },
	spec: {
		cpu: 4,
		memory: "8Gi",
		disks: [
			{ name: "root", size: "80Gi", boot: true, image: "ubuntu-24.04" },
			{ name: "data", size: "200Gi" },
		],
		networks: [
			{ name: "default" },
			{
				name: "storage",
				type: "bridge",
				vlanId: 100,
				ipConfig: { mode: "static", address: "10.0.0.5/24", dnsServers: ["10.0.0.1"] },
			},
		],
		cloudInitUser: { name: "ops", password: "hunter2-hunter2", groups: ["sudo"] },
		highAvailability: { tolerations: [{ key: "a", tolerationSeconds: 9_007_199_254_740_993n }] },
	},
} as const;

/** Calls every unary RPC, in success and in failure, and records all answers. */
export async function playScenario(client: WireClient): Promise<Record<string, unknown>> {
	const record: Record<string, unknown> = {};
	const call = async <Name extends UnaryName>(
		title: string,
		name: Name,
		request: Parameters<typeof client.unary<Name>>[1],
	) => {
		try {
			const answer = await client.unary(name, request);
			record[title] = messageRecord(WukongService.method[name].output, answer);
			return answer;
		} catch (error) {
			record[title] = errorRecord(error);
			return undefined;
		}
	};
	const wukong = manifest as never;
	const first = await call("create", "createWukong", { wukong, requestId: "once" });
	const again = await call("create again", "createWukong", { wukong, requestId: "once" });
	record["create again is the same VM"] =
		first?.wukong?.uid !== undefined && first.wukong.uid === again?.wukong?.uid;
	await call("create, name taken", "createWukong", { wukong });
	await call("create, other content", "createWukong", {
		wukong: { ...manifest, labels: {} } as never,
		requestId: "once",
	});
	await call("create, invalid", "createWukong", {
		wukong: { name: "Bad_Name", spec: { cpu: 65, memory: "8GB!", disks: [{ name: "" }] } },
	});
	await call("create, incomplete", "createWukong", { wukong: { name: "empty" } });
	await call("create, dry", "createWukong", {
		wukong: { ...manifest, name: "dry" } as never,
		validateOnly: true,
	});
	await call("get", "getWukong", { name: "db-1" });
	await call("get, missing", "getWukong", { namespace: "prod", name: "nobody" });
	await call("get, no name", "getWukong", {});
	await call("list", "listWukongs", { labelSelector: "app in (db),!legacy", pageSize: 10 });
	await call("create another", "createWukong", {
		wukong: { ...manifest, name: "db-2" } as never,
	});
	const page = await call("list, first page", "listWukongs", { pageSize: 1 });
	await call("list, second page", "listWukongs", {
		pageSize: 1,
		pageToken: page?.nextPageToken ?? "",
	});
	await call("get, at least as new as the list", "getWukong", {
		name: "db-2",
		minResourceVersion: page?.resourceVersion ?? "",
	});
	await call("get, malformed version", "getWukong", { name: "db-2", minResourceVersion: "new" });
	await call("list, bad selector", "listWukongs", { labelSelector: "app in db" });
	await call("list, forged page token", "listWukongs", { pageToken: "forged" });
	await call("update", "updateWukong", {
		wukong: { name: "db-1", labels: { tier: "front" }, spec: { cpu: 8 } },
		updateMask: create(FieldMaskSchema, { paths: ["labels", "spec.cpu"] }),
	});
	await call("update, shrink", "updateWukong", { wukong: { name: "db-1", spec: { cpu: 1 } } });
	await call("update, other generation", "updateWukong", {
		wukong: { name: "db-1", spec: { cpu: 9 } },
		generation: 77n,
	});
	await call("update, stale", "updateWukong", {
		wukong: { name: "db-1", resourceVersion: "1", labels: { a: "b" } },
	});
	await call("stop", "stopWukong", { name: "db-1" });
	await call("stop again", "stopWukong", { name: "db-1" });
	await call("start", "startWukong", { name: "db-1" });
	const second = { seconds: 1n, nanos: 0 };
	await call("stop with a grace period, dry", "stopWukong", {
		...{ name: "db-1", gracePeriod: second, validateOnly: true },
	});
	await call("stop, long grace period", "stopWukong", {
		...{ name: "db-1", gracePeriod: { seconds: 3_601n, nanos: 0 } },
	});
	await call("restart, not running", "restartWukong", { name: "db-1", mode: Mode.FORCE });
	await call("restart, unknown mode", "restartWukong", { name: "db-1", mode: 9 as Mode });
	await call("pause, stale", "pauseWukong", { name: "db-1", resourceVersion: "1" });
	await call("pause, missing", "pauseWukong", { name: "nobody" });
	await call("resume, other uid", "resumeWukong", { name: "db-1", uid: "somebody-else" });
	await call("wait, reached", "waitWukong", { name: "db-1", state: PowerState.STARTING });
	await call("wait, timed out", "waitWukong", {
		...{ name: "db-1", state: PowerState.RUNNING, timeout: { seconds: 0n, nanos: 1_000_000 } },
	});
	await call("wait, gone", "waitWukong", { name: "nobody", deleted: true });
	await call("wait, missing", "waitWukong", { name: "nobody", state: PowerState.RUNNING });
	await call("wait, for nothing", "waitWukong", { name: "db-1" });
	await call("delete, other uid", "deleteWukong", { name: "db-1", uid: "somebody-else" });
	await call("delete", "deleteWukong", { name: "db-1" });
	await call("start, deleting", "startWukong", { name: "db-1" });
	await call("resume, deleting", "resumeWukong", { name: "db-1" });
	await call("wait, impossible", "waitWukong", { name: "db-1", state: PowerState.RUNNING });
	await call("delete again", "deleteWukong", { name: "db-1" });
	return record;
}
