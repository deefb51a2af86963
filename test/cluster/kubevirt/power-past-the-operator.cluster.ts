import { create } from "@bufbuild/protobuf";
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { WukongStatus_PowerState as State, type Wukong } from "@novasphere/wukong-gen/wukong";
import { StartWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../server/src/clock.ts";
import { createPower } from "../../../server/src/service/wukong/power.ts";
import type { ServiceContext } from "../../../server/src/service/wukong/service-context.ts";
import type { Store } from "../../../server/src/store/store.ts";
import { createRecordingSink } from "../../server/store/recording-sink.ts";
import { createOptions, refTo, writeOptions, wukongNamed } from "../../server/store/write.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { createClusterStore } from "../cluster-store.ts";
import { createKubeApi, type KubeApi } from "../kube-api.ts";
import { poll } from "../poll.ts";
import { serviceAccess } from "../service-access.ts";
import { createNamespace } from "../test-namespace.ts";
import { installDefinition, wukongPath } from "../wukong-resource.ts";
import { type AggregatedSubresources, startSubresources } from "./aggregated-subresources.ts";
import { installKubeVirtDefinitions } from "./kubevirt-objects.ts";
import { createKubeVirtPlayer } from "./kubevirt-player.ts";

let cluster: Cluster;
let admin: KubeApi;
let kubevirt: AggregatedSubresources;
let namespace: string;
/** Under the service's own rights. */
let store: Store;

beforeAll(async () => {
	cluster = await startCluster();
	admin = createKubeApi(cluster.apiServer.access());
	await installDefinition(admin);
	await installKubeVirtDefinitions(admin);
	kubevirt = await startSubresources(admin);
	namespace = await createNamespace(admin);
	const access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
	store = await createClusterStore(access, namespace, { clock: patient });
	await store.start(createRecordingSink());
});
afterAll(async () => {
	await store.close();
	await kubevirt.close();
	admin.close();
	await cluster.close();
});

/** What KubeVirt has to say of a VM, a moment after its answer. */
let said: Promise<unknown> = Promise.resolve();
/** However busy the machine, the time of the store passes once that is said. */
const patient: Clock = {
	...systemClock,
	setTimer: (delayMs, callback) =>
		systemClock.setTimer(delayMs, () => void said.then(callback, callback)),
};

/** A VM that runs, and Start and Stop as callers have them. */
async function running(name: string) {
	const ref = refTo(name, namespace);
	const { uid } = await store.create(wukongNamed(name, {}, namespace), createOptions);
	const player = createKubeVirtPlayer(admin, { ...ref, uid });
	await player.create(true);
	await player.start();
	await player.run();
	const look = () => store.edit(ref, () => undefined, writeOptions);
	const until = async (what: string, isSo: (wukong: Wukong) => boolean) => {
		await poll(what, async () => isSo(await look()));
		return look();
	};
	const call = (on: boolean) =>
		createPower({ store, defaultNamespace: "default" } as never as ServiceContext, on)(
			create(StartWukongRequestSchema, ref),
			{
				timeoutMs: () => undefined,
				signal: writeOptions.signal,
				values: createContextValues(),
			} as HandlerContext,
		);
	const raw = () => admin.expect({ method: "GET", path: wukongPath(namespace, name) });
	await until("it runs", ({ status }) => status?.powerState === State.RUNNING);
	return { ref, player, until, call, raw };
}

test("Start wins over virtctl stop: it wakes the operator, and claims no more than is observed", async () => {
	const { player, until, call, raw } = await running("stopped-outside");
	expect((await call(true)).changed).toBe(false);
	const before = await raw();
	await player.tell(false);
	await player.goOff();
	const stopped = await until("it is off", ({ status }) => status?.powerState === State.STOPPED);
	expect(stopped.status?.powerReason).toBe("StoppedOutside");

	const started = await call(true);
	expect(started.changed).toBe(true);
	expect([State.STOPPED, State.STARTING]).toContain(started.wukong.status?.powerState);
	const after = await raw();
	expect(after.metadata.generation).toBe(before.metadata.generation);
	expect(after.metadata.annotations).toHaveProperty(["wukong.novasphere.dev/start-asked"]);
	expect(started.wukong.annotations).toEqual({});

	// The operator has seen the change of the Wukong, and sets the VM by the wish.
	await player.tell(true);
	await player.start();
	await player.run();
	await until("it runs again", ({ status }) => status?.powerState === State.RUNNING);
	expect((await call(true)).changed).toBe(false);
});

test("pause and resume answer with what is observed then; Start does not resume", async () => {
	const { ref, player, call, raw } = await running("paused");
	const act = (kind: "pause" | "resume") =>
		store.act(ref, { kind }, { ...writeOptions, check: () => {} });
	kubevirt.intercept = () => {
		said = player.say("Paused", [{ type: "Paused", status: "True" }]);
		return false;
	};
	const paused = await act("pause");
	expect([paused.changed, paused.wukong.status?.powerState]).toEqual([true, State.PAUSED]);
	const before = (await raw()).metadata.resourceVersion;
	const started = await call(true);
	expect([started.changed, started.wukong.status?.powerState]).toEqual([false, State.PAUSED]);
	expect((await raw()).metadata.resourceVersion).toBe(before);
	kubevirt.intercept = () => {
		said = player.say("Running", [{ type: "Ready", status: "True" }]);
		return false;
	};
	const resumed = await act("resume");
	expect([resumed.changed, resumed.wukong.status?.powerState]).toEqual([true, State.RUNNING]);
});

test("Stop wins over virtctl start: it wakes the operator of a VM that is wished off and told to run", async () => {
	const { player, until, call, raw } = await running("started-outside");
	expect((await call(false)).changed).toBe(true);
	await player.tell(false);
	await player.goOff();
	await until("it is off", ({ status }) => status?.powerState === State.STOPPED);
	await player.tell(true);
	await player.start();
	await player.run();
	await until("KubeVirt runs it", ({ status }) => status?.kubevirtStatus === "Running");
	const stopped = await call(false);
	expect([stopped.changed, stopped.wukong.status?.powerState]).toEqual([false, State.STOPPING]);
	expect((await raw()).metadata.annotations).toHaveProperty(["wukong.novasphere.dev/stop-asked"]);
});
