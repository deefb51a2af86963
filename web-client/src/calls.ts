import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { Wukong, WukongSchema } from "../gen/novasphere/v1/wukong_pb.js";
import {
	type ListWukongsRequestSchema,
	type ListWukongsResponse,
	RestartWukongRequest_Mode,
	type WukongService,
} from "../gen/novasphere/v1/wukong_service_pb.js";
import { isConflict } from "./errors.ts";
import type { Environment } from "./live/environment.ts";
import type { Place } from "./place.ts";
import { type RetryRule, repeatable, surelyUndone, withRetry } from "./retry.ts";
import { type Ref, refOf } from "./wukong.ts";

/** What every call takes. */
export interface CallOptions {
	/** Cancels the call. */
	readonly signal?: AbortSignal;
	/** Deadline of each try, in milliseconds; 0: none. Default: the client's. */
	readonly timeoutMs?: number;
	/** Additional headers. Default: none. */
	readonly headers?: HeadersInit;
}

/** What a change takes besides. */
export interface WriteOptions extends CallOptions {
	/** Check everything, store nothing. Default: false. */
	readonly validateOnly?: boolean;
}

/** What a create takes besides. */
export interface CreateOptions extends WriteOptions {
	/** Makes a repetition return the first VM. Default: a random one, so that the client may repeat. */
	readonly requestId?: string;
}

/** What an update takes besides. */
export interface UpdateOptions extends WriteOptions {
	/** What to do when the VM has changed meanwhile: read it again, or throw. Default: `retry`, up to ten times. */
	readonly onConflict?: "retry" | "throw";
}

/** Conditions of a change of one VM. */
export interface PreconditionOptions extends WriteOptions {
	/** If set, the VM must still be at this version, else the call is a conflict. */
	readonly resourceVersion?: string;
	/** If set, only this very VM is meant, no namesake. */
	readonly uid?: string;
}

/** What a stop takes besides. */
export interface StopOptions extends PreconditionOptions {
	/** Time for the guest to shut down, in milliseconds; 0: its power is cut. Default: the VM's own. */
	readonly gracePeriodMs?: number;
}

/** What a restart takes besides. */
export interface RestartOptions extends PreconditionOptions {
	/** How; see RestartWukong in the contract. Default: `GRACEFUL`. */
	readonly mode?: "GRACEFUL" | "FORCE" | "SOFT" | "RESET";
}

/** Which VMs to list; empty: all that the caller may read. */
export type ListQuery = MessageInitShape<typeof ListWukongsRequestSchema>;
/** A VM as it is given to a call; everything may be left out. */
export type WukongInit = MessageInitShape<typeof WukongSchema>;

/** The calls with one answer. Failures are ConnectErrors: see `isRetryable` and the guards beside it. */
export interface Calls {
	/** One page, in the order of namespace and name. */
	list(query?: ListQuery, options?: CallOptions): Promise<ListWukongsResponse>;
	/** All VMs of one snapshot, page by page. */
	listAll(query?: ListQuery, options?: CallOptions): AsyncIterable<Wukong>;
	get(ref: Ref, options?: CallOptions): Promise<Wukong>;
	/** @example await client.create({ name: "web-1", spec: { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi" }] } }) */
	create(wukong: WukongInit, options?: CreateOptions): Promise<Wukong>;
	/**
	 * Changes a VM. With an object, what is set in it is changed and all else is left alone. With a
	 * function, the VM is read, the function changes the copy that it is given, and the result is
	 * written, unless somebody was faster: then once more from the start.
	 *
	 * @example
	 * await client.update("web-1", { spec: { cpu: 4 } });
	 * await client.update("web-1", (vm) => void delete vm.labels.legacy);
	 */
	update(
		ref: Ref,
		change: Omit<WukongInit, "name" | "namespace"> | ((wukong: Wukong) => Wukong | undefined),
		options?: UpdateOptions,
	): Promise<Wukong>;
	/** @returns the last state; it may take a while until the VM is gone */
	delete(ref: Ref, options?: PreconditionOptions): Promise<Wukong>;
	/** Wants it on. @returns the VM after the call, most often not yet running */
	start(ref: Ref, options?: PreconditionOptions): Promise<Wukong>;
	/** Wants it off. @returns the VM after the call, most often not yet stopped */
	stop(ref: Ref, options?: StopOptions): Promise<Wukong>;
	/** Restarts it; it has to run. @returns the VM as the restart has begun */
	restart(ref: Ref, options?: RestartOptions): Promise<Wukong>;
	/** Freezes it in memory; it has to run. Paused already, it stays so. @returns the VM after the call */
	pause(ref: Ref, options?: PreconditionOptions): Promise<Wukong>;
	/** Lets it go on from a pause. Running already, it runs on. @returns the VM after the call */
	resume(ref: Ref, options?: PreconditionOptions): Promise<Wukong>;
}

/** How often an update begins anew. */
const maxConflicts = 10;

interface Answer {
	readonly wukong?: Wukong | undefined;
}

/** What all changes of a VM by its name have in common, and what some take besides. */
interface RefRequest {
	readonly namespace: string;
	readonly name: string;
	readonly validateOnly: boolean;
	readonly resourceVersion: string;
	readonly uid: string;
}

export function createCalls(
	rpc: Client<typeof WukongService>,
	{
		environment,
		attempts,
		onWritten,
		place,
	}: {
		readonly environment: Environment;
		readonly attempts: number;
		/** Told the version of the answer of each change of one VM. */
		readonly onWritten: (resourceVersion: string) => void;
		/** Puts what is asked for where the client is. See `createPlace`. */
		readonly place: Place;
	},
): Calls {
	const retry = <T>(call: () => Promise<T>, { signal }: CallOptions, rule: RetryRule) =>
		withRetry(call, { environment, attempts, rule, signal });
	/** Makes one call whose answer is a VM. */
	const ask = async <Request>(
		call: (request: Request, options: CallOptions) => Promise<Answer>,
		rule: RetryRule,
		[request, options]: readonly [Request, CallOptions],
	): Promise<Wukong> => {
		const { wukong } = await retry(() => call(request, options), options, rule);
		if (wukong === undefined) throw new ConnectError("an answer without a VM", Code.Internal);
		return wukong;
	};
	const find = (ref: Ref) => place(refOf(ref));
	const list = async (query: ListQuery = {}, options: CallOptions = {}) => {
		const request = place(query);
		return retry(() => rpc.listWukongs(request, options), options, repeatable);
	};
	const get = async (ref: Ref, options: CallOptions = {}) =>
		ask(rpc.getWukong, repeatable, [find(ref), options]);
	const withRef =
		(call: (request: RefRequest, options: CallOptions) => Promise<Answer>, rule: RetryRule) =>
		async (ref: Ref, options: StopOptions & RestartOptions = {}) => {
			const { validateOnly = false, resourceVersion = "", uid = "", gracePeriodMs, mode } = options;
			const more = {
				...(gracePeriodMs !== undefined && { gracePeriod: durationFromMs(gracePeriodMs) }),
				...(mode && { mode: RestartWukongRequest_Mode[mode] }),
			};
			const own = { ...find(ref), validateOnly, resourceVersion, uid, ...more };
			const wukong = await ask(call, rule, [own, options]);
			if (!validateOnly) onWritten(wukong.resourceVersion);
			return wukong;
		};

	return {
		list,
		async *listAll(query = {}, options) {
			let { pageToken } = query;
			do {
				const page = await list({ ...query, pageToken } as ListQuery, options);
				yield* page.wukongs;
				pageToken = page.nextPageToken;
			} while (pageToken !== "");
		},
		get,
		async create(given, options = {}) {
			const { requestId = createRequestId(), validateOnly = false } = options;
			const wukong = place(given);
			return ask(rpc.createWukong, repeatable, [{ wukong, requestId, validateOnly }, options]);
		},
		async update(ref, change, options = {}) {
			const { validateOnly = false, onConflict = "retry" } = options;
			const write = (wukong: WukongInit, mask: object) =>
				ask(rpc.updateWukong, surelyUndone, [{ wukong, validateOnly, ...mask }, options]);
			if (typeof change !== "function") {
				return write({ ...(change as WukongInit), ...find(ref) } as WukongInit, {});
			}
			for (let conflicts = 1; ; conflicts++) {
				const current = await get(ref, options);
				const draft = structuredClone(current);
				const { namespace, name, resourceVersion } = current;
				const next = { ...(change(draft) ?? draft), namespace, name, resourceVersion };
				try {
					return await write(next, { updateMask: { paths: ["*"] } });
				} catch (error) {
					const mayRetry = onConflict === "retry" && conflicts < maxConflicts;
					if (!mayRetry || !isConflict(error)) throw error;
				}
			}
		},
		delete: withRef(rpc.deleteWukong, surelyUndone),
		// The wish is the same however often it is said.
		start: withRef(rpc.startWukong, repeatable),
		stop: withRef(rpc.stopWukong, repeatable),
		restart: withRef(rpc.restartWukong, surelyUndone),
		pause: withRef(rpc.pauseWukong, repeatable),
		resume: withRef(rpc.resumeWukong, repeatable),
	};
}

/** Random enough; `crypto.randomUUID` is missing in cleartext pages. */
function createRequestId(): string {
	return crypto.getRandomValues(new BigUint64Array(2)).join("-");
}
