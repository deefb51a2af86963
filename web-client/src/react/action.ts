import { useCallback, useRef, useState } from "react";
import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import type { PreconditionOptions, RestartOptions, StopOptions } from "../calls.ts";
import type { Ref } from "../wukong.ts";
import { useWukongClient } from "./provider.ts";

/** A call that a button makes. */
export interface WukongAction<Options extends PreconditionOptions = PreconditionOptions> {
	/** Makes the call. Never rejects: what went wrong is in `error`. @returns undefined where it failed */
	readonly run: (ref: Ref, options?: Options) => Promise<Wukong | undefined>;
	/** A call of this component is under way. */
	readonly pending: boolean;
	/** What the newest call failed with; see the guards. */
	readonly error: unknown;
}

/**
 * Start, stop, restart, pause, resume or delete from a component. The list that shows the VM hears of it by itself.
 *
 * @example
 * const stop = useWukongAction("stop");
 * <button disabled={stop.pending} onClick={() => stop.run(vm)}>Stop</button>
 */
export function useWukongAction(
	kind: "start" | "stop" | "restart" | "pause" | "resume" | "delete",
): WukongAction<StopOptions & RestartOptions> {
	const client = useWukongClient();
	const [state, setState] = useState<{ calls: number; error: unknown }>({
		calls: 0,
		error: undefined,
	});
	const newest = useRef(0);
	const run = useCallback(
		async (ref: Ref, options?: StopOptions & RestartOptions) => {
			const own = ++newest.current;
			setState(({ calls }) => ({ calls: calls + 1, error: undefined }));
			let failure: unknown;
			try {
				return await client[kind](ref, options);
			} catch (error) {
				failure = error;
				return undefined;
			} finally {
				setState(({ calls, error }) => ({
					calls: calls - 1,
					error: own === newest.current ? failure : error,
				}));
			}
		},
		[client, kind],
	);
	return { run, pending: state.calls > 0, error: state.error };
}
