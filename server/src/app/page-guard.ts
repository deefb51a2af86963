import type { Authentication } from "../auth/authenticator.ts";
import { readCarriers } from "../auth/carriers.ts";
import { Failure } from "../failure.ts";
import type { AdmitToAsset, AssetMount, GuardedRequest } from "../port/assets.ts";
import type { Refusal } from "../rpc/refusals.ts";
import { toConnectError } from "../service/errors/connect-error.ts";
import { describeError } from "../service/errors/http-status.ts";

/** Who may read the pages that are not for everybody; undefined: everybody may. */
export interface PageGuards {
	readonly metrics: AdmitToAsset | undefined;
	readonly docs: AdmitToAsset | undefined;
}

/** Creates the guard of pages for those who have signed in, whatever they may do. */
export function createPageGuard(authentication: Authentication): AdmitToAsset {
	return async (request) => {
		const { header, method, url, ticket, peer, address } = request;
		try {
			const carriers = readCarriers({ header, method, url, ticket, isWebSocket: false });
			await authentication.authenticate(carriers, peer, address);
			return undefined;
		} catch (error) {
			if (error instanceof Failure) return toRefusal(error);
			throw error;
		}
	};
}

/** Adds a listener to a guard: it hears of each refusal. */
export function heardBy(
	onRefused: (request: GuardedRequest, refusal: Refusal) => void,
	admit: AdmitToAsset,
): AdmitToAsset {
	return async (request) => {
		const refusal = await admit(request);
		if (refusal !== undefined) onRefused(request, refusal);
		return refusal;
	};
}

/** Puts all assets of some mounts behind a guard. */
export function guardMounts(
	mounts: readonly AssetMount[],
	admit: AdmitToAsset | undefined,
): readonly AssetMount[] {
	if (admit === undefined) return mounts;
	return mounts.map((mount): AssetMount => {
		if ("path" in mount) return { ...mount, asset: { ...mount.asset, admit } };
		const find = (rest: string) => {
			const asset = mount.find(rest);
			return asset && { ...asset, admit };
		};
		return { ...mount, find };
	});
}

function toRefusal(failure: Failure): Refusal {
	const error = toConnectError(failure);
	const { challenge, retryAfterMs } = failure.details;
	return {
		cause: "credential",
		httpStatus: describeError(error).httpStatus,
		code: error.code,
		reason: failure.reason,
		message: error.rawMessage,
		...(challenge !== undefined && { headers: ["www-authenticate", challenge] }),
		...(retryAfterMs !== undefined && { retryAfterMs }),
	};
}
