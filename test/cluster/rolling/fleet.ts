import { createGrpcTransport } from "@connectrpc/connect-node";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { createWukongClient, type WukongClient } from "../../../web-client/src/client.ts";
import { leanClients, type Watcher } from "./lean-client.ts";

/** How many streams or callers share one client, and over gRPC one connection. */
const sharers = 10;

/** So many places in clients that speak Connect JSON, gRPC-Web and gRPC in turn. */
export function libraryClients(baseUrl: string, count: number): WukongClient[] {
	return inTurn(count, [
		() => createWukongClient({ baseUrl }),
		() => createWukongClient({ transport: createGrpcWebTransport({ baseUrl }) }),
		() => createWukongClient({ transport: createGrpcTransport({ baseUrl }) }),
	]);
}

/** The same, with clients that can only watch. */
export function watchers(baseUrl: string, count: number): Watcher[] {
	return inTurn(count, [
		() => leanClients.connect(baseUrl),
		() => leanClients.grpcWeb(baseUrl),
		() => leanClients.grpc(baseUrl),
	]);
}

function inTurn<T>(count: number, makers: readonly (() => T)[]): T[] {
	const made = new Map<string, T>();
	return Array.from({ length: count }, (_, place) => {
		const which = place % makers.length;
		const key = `${which} ${Math.floor(place / makers.length / sharers)}`;
		const one = made.get(key) ?? (makers[which] as () => T)();
		made.set(key, one);
		return one;
	});
}
