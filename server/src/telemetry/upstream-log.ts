import type { Logger } from "pino";
import { reasonOf } from "../store/kubernetes/upstream-error.ts";
import {
	type Trouble,
	troubleWords,
	type UpstreamObserver,
} from "../store/kubernetes/upstream-observer.ts";

/**
 * Creates what logs the state of the connection to the cluster: one line when a trouble begins or
 * becomes another one, one when it is over. The attempts in between, which an outage makes by the
 * dozen, and the stacks are at debug level.
 */
export function createUpstreamLog(
	logger: Logger,
): Pick<UpstreamObserver, "troubled" | "recovered"> {
	let current: Trouble | undefined;
	return {
		troubled(trouble, error) {
			if (trouble !== current)
				logger.warn({ trouble, cause: reasonOf(error) }, troubleWords[trouble]);
			current = trouble;
			logger.debug({ trouble, err: error }, "a call to the cluster failed");
		},
		recovered() {
			if (current !== undefined) logger.info("the cluster answers again");
			current = undefined;
		},
	};
}
