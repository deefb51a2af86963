import { clone, create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import {
	WukongStatus_PowerState as PowerState,
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
	WukongStatusSchema,
} from "../../gen/novasphere/v1/wukong_pb.js";
import {
	RestartWukongRequest_Mode as Mode,
	type PauseWukongRequest,
	type StopWukongRequest,
	type WukongService,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { Clock } from "../live/environment.ts";
import { keyOf } from "../live/watch-state.ts";
import { merged } from "../merge.ts";
import { failure } from "./fake-failure.ts";
import { createShows } from "./fake-selector.ts";
import type { FakeStore } from "./fake-store.ts";
import { waitFake } from "./fake-wait.ts";
import { watchFake } from "./fake-watch.ts";

/**
 * The calls of WukongService on a fake store: preconditions, request ids, pages and the reasons of
 * errors as the contract has them. Field rules are not judged.
 *
 * @param transitionMs how long a VM is STARTING, STOPPING or being deleted
 */
export function createFakeService(
	store: FakeStore,
	clock: Clock,
	transitionMs: number,
): ServiceImpl<typeof WukongService> {
	const requestIds = new Map<string, string>();

	const find = (ref: { namespace: string; name: string; uid?: string }): Wukong => {
		const found = store.wukongs.get(keyOf({ ...ref, namespace: ref.namespace || "default" }));
		if (found === undefined || (ref.uid ?? found.uid) !== found.uid) {
			throw failure(Code.NotFound, "WUKONG_NOT_FOUND");
		}
		return found;
	};
	const findFor = (
		request: Pick<StopWukongRequest, "namespace" | "name" | "uid" | "resourceVersion">,
	) => {
		const { uid, ...rest } = request;
		const found = find(uid === "" ? rest : request);
		requireVersion(found, request.resourceVersion);
		return found;
	};
	const after = (change: () => void) => void clock.setTimer(transitionMs, change);
	const setPower = (wukong: Wukong, powerState: PowerState) => {
		const next = clone(WukongSchema, wukong);
		next.status ??= create(WukongStatusSchema);
		next.status.powerState = powerState;
		return store.put(next);
	};
	/** Says whether a VM is wanted on. */
	const wish = (wukong: Wukong, autoStart: boolean) => {
		const next = clone(WukongSchema, wukong);
		next.spec ??= create(WukongSpecSchema);
		next.spec.startStrategy ??= create(StartStrategySchema);
		next.spec.startStrategy.autoStart = autoStart;
		return next;
	};
	const switchTo =
		(isOn: boolean) => (request: StopWukongRequest | Omit<StopWukongRequest, "$typeName">) => {
			const current = findFor(request);
			if (current.deleteTime !== undefined)
				throw failure(Code.FailedPrecondition, "WUKONG_DELETING");
			const changed = (current.spec?.startStrategy?.autoStart ?? true) !== isOn;
			if (!changed || request.validateOnly) return { wukong: current, changed };
			const wukong = setPower(
				wish(current, isOn),
				isOn ? PowerState.STARTING : PowerState.STOPPING,
			);
			after(() => {
				const now = store.wukongs.get(keyOf(wukong));
				if (now?.uid !== wukong.uid || now.spec?.startStrategy?.autoStart !== isOn) return;
				setPower(now, isOn ? PowerState.RUNNING : PowerState.STOPPED);
			});
			return { wukong, changed };
		};

	/** Finds a VM that is in one of these states and stays wanted on. */
	const findRunning = (
		request: Pick<StopWukongRequest, "namespace" | "name" | "uid" | "resourceVersion">,
		states: readonly PowerState[],
	) => {
		const current = findFor(request);
		if (current.deleteTime !== undefined) throw failure(Code.FailedPrecondition, "WUKONG_DELETING");
		const state = current.status?.powerState ?? PowerState.UNKNOWN;
		if (!states.includes(state)) throw failure(Code.FailedPrecondition, "WUKONG_NOT_RUNNING");
		return current;
	};
	const afterUnlessStopped = (wukong: Wukong, state: PowerState, then: () => void) =>
		after(() => {
			const now = store.wukongs.get(keyOf(wukong));
			if (now?.uid !== wukong.uid || now.spec?.startStrategy?.autoStart === false) return;
			setPower(now, state);
			then();
		});
	const freeze =
		(state: PowerState) =>
		(request: PauseWukongRequest | Omit<PauseWukongRequest, "$typeName">) => {
			const current = findRunning(request, [PowerState.RUNNING, PowerState.PAUSED]);
			const changed = current.status?.powerState !== state;
			const wukong = changed && !request.validateOnly ? setPower(current, state) : current;
			return { wukong, changed };
		};

	return {
		listWukongs(request) {
			const shows = createShows(request);
			if (shows === undefined) throw failure(Code.InvalidArgument, "INVALID_REQUEST");
			const all = [...store.wukongs.values()].filter(shows);
			const start = Number(request.pageToken || 0);
			const end = request.pageSize > 0 ? start + request.pageSize : all.length;
			return {
				wukongs: all.slice(start, end),
				nextPageToken: end < all.length ? String(end) : "",
				resourceVersion: String(store.version),
			};
		},
		getWukong: (request) => ({ wukong: find(request) }),
		createWukong({ wukong, requestId, validateOnly }) {
			const init = wukong === undefined ? create(WukongSchema) : clone(WukongSchema, wukong);
			init.namespace ||= "default";
			const present = store.wukongs.get(keyOf(init));
			if (present !== undefined) {
				if (requestId !== "" && requestIds.get(present.uid) === requestId)
					return { wukong: present };
				throw failure(Code.AlreadyExists, "WUKONG_ALREADY_EXISTS");
			}
			if (validateOnly) return { wukong: init };
			const made = store.put(init);
			if (requestId !== "") requestIds.set(made.uid, requestId);
			return { wukong: made };
		},
		updateWukong({ wukong: change = create(WukongSchema), updateMask, validateOnly }) {
			const current = find({ namespace: change.namespace, name: change.name });
			requireVersion(current, change.resourceVersion);
			const next = merged(WukongSchema, current, change, updateMask?.paths ?? []);
			const { namespace, name, status, uid, createTime } = current;
			const whole = { ...next, namespace, name, status, uid, createTime } as Wukong;
			return { wukong: validateOnly ? whole : store.put(whole) };
		},
		deleteWukong(request) {
			const current = findFor(request);
			if (current.deleteTime !== undefined || request.validateOnly) return { wukong: current };
			const leaving = clone(WukongSchema, current);
			leaving.deleteTime = timestampFromMs(clock.nowMs());
			const wukong = setPower(leaving, PowerState.STOPPING);
			after(() => {
				if (store.wukongs.get(keyOf(wukong))?.uid === wukong.uid) store.remove(wukong);
			});
			return { wukong, resourceVersion: wukong.resourceVersion };
		},
		restartWukong(request) {
			const current = findRunning(request, [PowerState.RUNNING, PowerState.PAUSED]);
			const reboots = request.mode === Mode.SOFT || request.mode === Mode.RESET;
			if (request.validateOnly || reboots) return { wukong: current };
			const wukong = setPower(
				current,
				request.mode === Mode.FORCE ? PowerState.STARTING : PowerState.STOPPING,
			);
			afterUnlessStopped(wukong, PowerState.STARTING, () =>
				afterUnlessStopped(wukong, PowerState.RUNNING, () => {}),
			);
			return { wukong };
		},
		pauseWukong: freeze(PowerState.PAUSED),
		resumeWukong: freeze(PowerState.RUNNING),
		waitWukong: (request, context) => waitFake(store, clock, { request, context }),
		startWukong: switchTo(true),
		stopWukong: switchTo(false),
		watchWukong: (request, context) => watchFake(store, clock, { request, context }),
	};
}

function requireVersion(current: Wukong, wanted: string): void {
	if (wanted !== "" && wanted !== current.resourceVersion) {
		throw failure(Code.Aborted, "RESOURCE_VERSION_CONFLICT");
	}
}
