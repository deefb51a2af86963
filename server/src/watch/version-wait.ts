import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Clock } from "../clock.ts";
import { Failure, invalidRequest } from "../failure.ts";
import { parseVersion, startOver } from "../resource/version.ts";
import type { Source } from "../store/source.ts";
import type { ChangeLog } from "./change-log.ts";

/** How long a read waits for the version it asks for, in milliseconds. */
export const maxVersionWaitMs = 5_000;

const retryAfterMs = 1_000;

/** Waits for versions that the log does not hold yet. */
export interface VersionWait {
	/**
	 * Resolves when the log is at least as new as `token`. Empty and the start-over
	 * constant ask for nothing; a version of another life of the store is answered
	 * from the present state.
	 * @throws INVALID_REQUEST where it is malformed, VERSION_NOT_REACHED after
	 * `maxVersionWaitMs`, the signal's reason
	 */
	reach(token: string, signal: AbortSignal): Promise<void>;
	/** True where the store itself knows no version as new as this one: it is of another life. */
	isForeign(version: bigint, signal: AbortSignal): Promise<boolean>;
	/**
	 * True once the log is as new as `version`, false where it is not within
	 * `maxVersionWaitMs`. @throws the signal's reason
	 */
	arrives(version: bigint, signal: AbortSignal): Promise<boolean>;
}

export function createVersionWait(options: {
	readonly log: ChangeLog;
	readonly source: Pick<Source, "newestVersion">;
	readonly clock: Clock;
}): VersionWait {
	const { log, source, clock } = options;

	const isForeign = async (version: bigint, signal: AbortSignal) =>
		(await source.newestVersion(signal)) < version && log.head < version;

	const arrives = (version: bigint, signal: AbortSignal) =>
		new Promise<boolean>((resolve, reject) => {
			let forgetNews = () => {};
			const settle = (tell: () => void) => {
				forgetNews();
				timer.cancel();
				signal.removeEventListener("abort", onAbort);
				tell();
			};
			const onAbort = () => settle(() => reject(signal.reason));
			const onNews = () => {
				if (log.head >= version) settle(() => resolve(true));
				else forgetNews = log.onNews(onNews);
			};
			const timer = clock.setTimer(maxVersionWaitMs, () => settle(() => resolve(false)));
			signal.addEventListener("abort", onAbort);
			if (signal.aborted) onAbort();
			else onNews();
		});

	return {
		isForeign,
		arrives,
		async reach(token, signal) {
			if (token === "" || token === startOver) return;
			const version = parseVersion(token);
			if (version === undefined) {
				throw invalidRequest({
					field: "min_resource_version",
					description: "is not a version of this service",
				});
			}
			if (version <= log.head || (await isForeign(version, signal))) return;
			if (!(await arrives(version, signal))) throw notReached();
		},
	};
}

function notReached(): Failure {
	return new Failure(
		ErrorReason.VERSION_NOT_REACHED,
		"the asked min_resource_version is not here yet",
		{ retryAfterMs },
	);
}
