import { WatchWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { encode, type Form } from "../payload/form.ts";
import type { Payload } from "../payload/payload.ts";
import type { Addresses } from "../servers/server-spec.ts";
import { createGrpcStreams } from "./grpc-streams.ts";
import { createHttp1Streams } from "./http1-streams.ts";
import type { StreamOpener } from "./stream-opener.ts";
import type { Tally } from "./tally.ts";
import { createWatchReader } from "./watch-reader.ts";

export type WatchWire = "connect-json" | "grpc";

/** One stream of so many is decoded event by event. */
export const sampleEvery = 100;
/** Streams that are being opened at one time. */
const openAtOnce = 50;
/** Longer than any run: heartbeats would be deliveries that nobody counts. */
const heartbeatSeconds = 300n;

/** Many watches of all VMs. */
export interface Watches {
	/** Opens so many more; resolves when all have said SYNCED. @throws Error where one ends */
	open(streams: number): Promise<void>;
	close(): void;
}

/** What each stream watches. */
export type WatchScope = "all" | "one VM each" | "one namespace each";

/** Watches that are live from the payload's version on. */
export function createWatches(options: {
	readonly server: Addresses;
	readonly wire: WatchWire;
	readonly payload: Payload;
	readonly tally: Tally;
	/** Default: all. Else stream n watches VM n modulo all, or the namespace of that VM. */
	readonly scope?: WatchScope | undefined;
	onFault(text: string): void;
}): Watches {
	const { server, wire, payload, tally, scope = "all", onFault } = options;
	const form: Form = wire === "grpc" ? "binary" : "json";
	const { wukongs, resourceVersion } = payload.list;
	const watched =
		scope === "all"
			? [{}]
			: wukongs.map(({ namespace, name }) =>
					scope === "one VM each" ? { namespace, name } : { namespace },
				);
	const requests = watched.map((reference) =>
		encode(
			WatchWukongRequestSchema,
			{ ...reference, resourceVersion, heartbeatInterval: { seconds: heartbeatSeconds } },
			form,
		),
	);
	const opener: StreamOpener =
		wire === "grpc"
			? createGrpcStreams(server.http2, requests)
			: createHttp1Streams(server.http1, requests);
	const openOne = (place: number) =>
		new Promise<void>((onSynced, reject) => {
			const sampled = place % sampleEvery === 0;
			const bytes = createWatchReader({ form, sampled, tally, onSynced, onFault });
			const ended = (why: string) => {
				onFault(why);
				reject(new Error(why));
			};
			opener.open({ bytes, ended });
		});
	let opened = 0;
	return {
		async open(streams) {
			const goal = opened + streams;
			while (opened < goal) {
				const count = Math.min(openAtOnce, goal - opened);
				await Promise.all(Array.from({ length: count }, (_, i) => openOne(opened + i)));
				opened += count;
			}
		},
		close: opener.close,
	};
}
