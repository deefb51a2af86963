import type { Logger } from "pino";
import { keyOf } from "../resource/object.ts";
import type { WatchObserver } from "../watch/observer.ts";

/** Most VMs whose noise is remembered; the one named first is forgotten where there are more. */
const maxNamed = 10_000;

/** Creates what says in the log, once for each VM, that its changes come faster than they are told. */
export function createWatchLog(logger: Logger): Pick<WatchObserver, "noisy"> {
	const named = new Set<string>();
	return {
		noisy(object) {
			const key = keyOf(object);
			if (named.has(key)) return;
			const [oldest] = named;
			if (named.size >= maxNamed && oldest !== undefined) named.delete(oldest);
			named.add(key);
			const { namespace, name } = object;
			logger.warn(
				{ namespace, name },
				"the status of a VM changes all the time; watches are told less often",
			);
		},
	};
}
