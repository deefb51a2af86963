import type { Writable } from "node:stream";
import type { Connection } from "./connection.ts";
import type { TransportLimits } from "./limits.ts";

/** Size below which responses are not counted, in bytes: limits on connections and calls bound them. */
const minCountedBytes = 16 * 1024;

/** Counts the bytes that unary responses hold in memory until their readers have taken them. */
export interface SendQuota {
	/**
	 * Counts a response until its stream closes.
	 * @returns false: the connection, or all together, hold too much already; it is not counted
	 */
	reserve(bytes: number, connection: Connection, stream: Writable): boolean;
}

/**
 * Creates a quota. A request is small and its response may be megabytes: callers that ask and do not
 * read would fill the memory. A single response always has room on its connection, whatever its size.
 */
export function createSendQuota(
	limits: Pick<TransportLimits, "maxUnreadBytes" | "maxUnreadBytesPerConnection">,
): SendQuota {
	const perConnection = new WeakMap<Connection, number>();
	let allBytes = 0;
	const add = (connection: Connection, bytes: number) => {
		allBytes += bytes;
		perConnection.set(connection, (perConnection.get(connection) ?? 0) + bytes);
	};
	return {
		reserve(bytes, connection, stream) {
			if (bytes < minCountedBytes || stream.destroyed) return true;
			const own = perConnection.get(connection) ?? 0;
			if (own > 0 && own + bytes > limits.maxUnreadBytesPerConnection) return false;
			if (allBytes + bytes > limits.maxUnreadBytes) return false;
			add(connection, bytes);
			stream.once("close", () => add(connection, -bytes));
			return true;
		},
	};
}
