import { setTimeout as delay } from "node:timers/promises";
import {
	ListWukongsResponseSchema,
	WatchWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import type { BenchCase, Setting } from "./case.ts";
import type { ChangeSource } from "./change-source.ts";
import { decode, encode, type Form } from "./form.ts";
import { createGrpcStreams } from "./grpc-streams.ts";
import { createHttp1Streams } from "./http1-streams.ts";
import { measure } from "./measure.ts";
import { fetchPayload } from "./payload.ts";
import type { ServerProcess } from "./server-process.ts";
import { createTally, type Tally } from "./tally.ts";
import { createWatchReader } from "./watch-reader.ts";

/** Changes come at most this fast: bursts of so many, so far apart. 500 changes a second. */
const burstChanges = 10;
const burstIntervalMs = 20;
/** One stream of so many is decoded event by event. */
const sampleEvery = 100;
/** Streams that are being opened at one time. */
const openAtOnce = 50;
/** No burst takes a server this long; one that does has lost something. */
const defaultBurstCeilingMs = 30_000;
/** Longer than any run: heartbeats would be deliveries that nobody counts. */
const heartbeatSeconds = 300n;

export interface FanOutCaseOptions {
	readonly id: string;
	readonly title: string;
	readonly wire: "connect-json" | "grpc";
	readonly streams: number;
	/** How long a burst may take before it counts as lost, in ms. Default: 30,000. */
	readonly burstCeilingMs?: number;
}

/**
 * Every change goes to every stream. The next burst waits until the last one has arrived
 * everywhere, so a slow server is given less to do, and no server can save work by skipping
 * states that are no longer the newest.
 */
export function createFanOutCase(options: FanOutCaseOptions): BenchCase {
	const { id, title } = options;
	return {
		id,
		title,
		unit: "deliveries",
		async prepare(spec, setting) {
			const server = await setting.start(spec);
			const name = `${title}, ${spec.name}`;
			const tally = createTally();
			const close = await openStreams(server, { ...options, name, tally, setting });
			const changes = spec.createChanges(server);
			const bursts = createBursts({ ...options, changes, tally, name, setting });
			return {
				run: (windowMs) => measure(server, () => bursts(windowMs)),
				async close() {
					close();
					changes.close();
					await server.stop();
				},
			};
		},
	};
}

interface Opening extends FanOutCaseOptions {
	readonly name: string;
	readonly tally: Tally;
	readonly setting: Setting;
}

/** Opens all streams, live from the present state on. @returns closes them */
async function openStreams(server: ServerProcess, opening: Opening): Promise<() => void> {
	const { wire, streams, name, tally, setting } = opening;
	const form: Form = wire === "grpc" ? "binary" : "json";
	const list = decode(ListWukongsResponseSchema, await fetchPayload(server.http1), "binary");
	const request = encode(
		WatchWukongRequestSchema,
		{
			resourceVersion: list.resourceVersion,
			heartbeatInterval: { seconds: heartbeatSeconds },
		},
		form,
	);
	const opener =
		wire === "grpc"
			? createGrpcStreams(server.http2, request)
			: createHttp1Streams(server.http1, request);
	const onFault = (text: string) => setting.faults.add(`${name}: ${text}`);
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
	try {
		for (let opened = 0; opened < streams; opened += openAtOnce) {
			const count = Math.min(openAtOnce, streams - opened);
			await Promise.all(Array.from({ length: count }, (_, i) => openOne(opened + i)));
		}
	} catch (error) {
		opener.close();
		await server.stop();
		throw error;
	}
	return opener.close;
}

/** Makes the function that changes and waits for a window. @returns gives the deliveries */
function createBursts(
	options: Opening & { readonly changes: ChangeSource },
): (windowMs: number) => Promise<number> {
	const { changes, streams, tally, name, setting } = options;
	const { burstCeilingMs = defaultBurstCeilingMs } = options;
	const { wukongs } = setting.payload.list;
	const sampledStreams = Math.ceil(streams / sampleEvery);
	let made = 0;

	const burst = async () => {
		const first = made;
		made += burstChanges;
		const arrived = tally.reach(made * streams, burstCeilingMs);
		await changes.burst(first, burstChanges);
		if (!(await arrived)) throw new Error(`${tally.delivered} of ${made * streams} delivered`);
		const samples = tally.takeSamples();
		for (let change = first; change < made; change++) {
			const changed = wukongs[change % wukongs.length]?.name ?? "";
			if (samples.get(changed) === sampledStreams) continue;
			setting.faults.add(`${name}: ${changed} was not delivered once to each sampled stream`);
		}
	};

	return async (windowMs) => {
		const before = tally.delivered;
		const startMs = performance.now();
		for (let dueMs = startMs; dueMs < startMs + windowMs; dueMs += burstIntervalMs) {
			const earlyMs = dueMs - performance.now();
			// A burst that could not be made in its time is left out, not made up for.
			if (earlyMs > 0) await delay(earlyMs);
			else dueMs -= earlyMs;
			await burst();
		}
		if (tally.delivered !== made * streams) {
			setting.faults.add(`${name}: ${tally.delivered} deliveries of ${made * streams}`);
		}
		return tally.delivered - before;
	};
}
