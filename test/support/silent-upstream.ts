import type {
	UpstreamObserver,
	WriteObserver,
} from "../../server/src/store/kubernetes/upstream-observer.ts";

const nothing = () => {};

/** Observer of a Kubernetes store that hears everything and does nothing. */
export const silentUpstream: UpstreamObserver & WriteObserver = {
	listed: nothing,
	watchOpened: nothing,
	watchEnded: nothing,
	troubled: nothing,
	recovered: nothing,
	answeredUnseen: nothing,
};
