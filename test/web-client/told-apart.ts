import {
	isAlreadyExists,
	isConflict,
	isCut,
	isFailedPrecondition,
	isForbiddenOrigin,
	isInvalid,
	isLimited,
	isNetworkError,
	isNotFound,
	isRetryable,
	isUnavailable,
	type WukongClient,
} from "../../web-client/src/index.ts";
import type { Breakage } from "./broken-service.ts";

const guards = {
	isNotFound,
	isAlreadyExists,
	isConflict,
	isFailedPrecondition,
	isInvalid,
	isLimited,
	isNetworkError,
	isCut,
	isForbiddenOrigin,
	isUnavailable,
	isRetryable,
};

/** Names of all guards that are true of an error, in a fixed order. */
export function told(error: unknown): string {
	return Object.entries(guards)
		.filter(([, guard]) => guard(error))
		.map(([name]) => name)
		.join(" ");
}

/** What a watch and a Get end with. */
export interface Ends {
	readonly stream: string;
	readonly unary: string;
}

/**
 * Reads one stream to its end, and asks for one VM. Runs in Node and in pages.
 * @param onEvent called with each event that has come
 */
export async function endsOf(client: WukongClient, onEvent = () => {}): Promise<Ends> {
	const watching = async () => {
		for await (const _event of client.rpc.watchWukong({})) onEvent();
	};
	return {
		stream: await watching().then(() => "ended", told),
		unary: await client.rpc.getWukong({ name: "vm-0" }).then(() => "answered", told),
	};
}

/** Tells a broken service that waits for its reader that its event has come; others break it as any call. */
export const tellRead = (baseUrl: string): void => void fetch(`${baseUrl}/read`).catch(() => {});

const unreached = "isNetworkError isUnavailable isRetryable";
const cut = "isCut isUnavailable isRetryable";
const away = "isUnavailable isRetryable";

/** What the guards say of each breakage, the same in every engine; absent: not a matter of that kind of call. */
export const expected: Readonly<Record<Breakage, Partial<Ends>>> = {
	"nobody listens": { stream: unreached, unary: unreached },
	"closes before an answer": { stream: unreached, unary: unreached },
	"resets before an answer": { stream: unreached, unary: unreached },
	"ends inside an envelope": { stream: cut },
	"ends between envelopes": { stream: cut },
	"breaks inside an envelope": { stream: cut },
	"resets inside an envelope": { stream: cut },
	"ends inside a document": { unary: cut },
	"breaks inside a document": { unary: cut },
	"answers with a page": { stream: away, unary: away },
	"answers 502 with a page": { stream: away, unary: away },
};
