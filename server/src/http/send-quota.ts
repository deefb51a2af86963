import type { Writable } from "node:stream";
import type { Connection } from "./connection.ts";
import type { TransportLimits } from "./limits.ts";

/** Size below which responses are not counted, in bytes: limits on connections and calls bound them. */
const minCountedBytes = 16 * 1024;

/** Counts the bytes that unary responses hold in memory until their readers have taken them. */
export interface SendQuota {
	/**
	 * Counts a response until its stream closes.
	 * @param from.caller may have several connections; undefined: its answers are not counted together
	 * @returns false: the connection, the caller, or all together, hold too much already; it is not counted
	 */
	reserve(
		bytes: number,
		from: { readonly connection: Connection; readonly caller: string | undefined },
		stream: Writable,
	): boolean;
}

/**
 * Creates a quota. A request is small and its response may be megabytes: callers that ask and do not
 * read would fill the memory. A single response always has room on its connection, whatever its size.
 */
export function createSendQuota(
	limits: Pick<
		TransportLimits,
		"maxUnreadBytes" | "maxUnreadBytesPerCaller" | "maxUnreadBytesPerConnection"
	>,
): SendQuota {
	const perConnection = new WeakMap<Connection, number>();
	/** Has callers that hold something only. */
	const perCaller = new Map<string, number>();
	let allBytes = 0;
	const add = (connection: Connection, caller: string | undefined, bytes: number) => {
		allBytes += bytes;
		if (caller !== undefined) {
			const held = (perCaller.get(caller) ?? 0) + bytes;
			if (held > 0) perCaller.set(caller, held);
			else perCaller.delete(caller);
		}
		perConnection.set(connection, (perConnection.get(connection) ?? 0) + bytes);
	};
	return {
		reserve(bytes, { connection, caller }, stream) {
			if (bytes < minCountedBytes || stream.destroyed) return true;
			const own = perConnection.get(connection) ?? 0;
			if (own > 0 && own + bytes > limits.maxUnreadBytesPerConnection) return false;
			const ofCaller = caller === undefined ? 0 : (perCaller.get(caller) ?? 0);
			if (ofCaller > 0 && ofCaller + bytes > limits.maxUnreadBytesPerCaller) return false;
			if (allBytes + bytes > limits.maxUnreadBytes) return false;
			add(connection, caller, bytes);
			stream.once("close", () => add(connection, caller, -bytes));
			return true;
		},
	};
}
