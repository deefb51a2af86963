import type { BenchCase } from "./cases/case.ts";
import { createFanOutCase } from "./cases/fan-out-case.ts";
import { createHostileCase } from "./cases/hostile-case.ts";
import { createLatencyCase } from "./cases/latency-case.ts";
import { createMemoryCase } from "./cases/memory-case.ts";
import { createStartUpCase } from "./cases/start-up-case.ts";
import {
	eachGetCall,
	getCall,
	listCall,
	type MakeCalls,
	only,
	pageCall,
} from "./cases/unary-call.ts";
import { createUnaryCase } from "./cases/unary-case.ts";
import { createWrite, createWriteCase, powerWrite, updateWrite } from "./cases/write-case.ts";
import { groups } from "./group.ts";
import type { WatchWire } from "./load/watches.ts";
import type { ServerName } from "./servers/roster.ts";

const node = ["ours", "before", "stock", "raw"] as const;
const goPeers = ["gin", "chi", "echo", "fiber"] as const;
const jsonPeers = [...node, "fastify", "express", "fastapi", ...goPeers, "connect-go"] as const;
/** Each reads by REST as its own documentation routes it, beside the same service's Connect JSON. */
const restPeers = ["ours", "ours, Connect JSON", "before", "raw", ...goPeers] as const;
const connectJson = { "ours, Connect JSON": "http1-json", raw: "http1-json" } as const;
/** They watch nothing here, so they have no place in the larger cases. */
const ownAndRaw = ["ours", "before", "raw"] as const;
const grpcPeers = [...node, "grpc-js", "grpc-go", "connect-go"] as const;
const watchPeers = {
	"connect-json": [...node, "connect-go"],
	grpc: grpcPeers,
} as const;
const wireTitles: Readonly<Record<WatchWire, string>> = {
	"connect-json": "Connect JSON",
	grpc: "gRPC",
	sse: "SSE",
	ndjson: "NDJSON",
	websocket: "WebSocket",
	"websocket-shared": "WebSocket, ten on each",
};
/** Each as its own documentation writes a stream, and with bytes that are made once for all. */
const plainStreamPeers = [
	...["ours", "ours, Connect JSON", "before", "raw"],
	...["gin", "gin-shared", "fiber", "fiber-shared", "express", "express-shared"],
] as readonly ServerName[];

/** Numbers of VMs in a list, of streams, and of VMs in the store. */
export const sizes = {
	list: [1, 10, 100, 1_000],
	streams: [10, 100, 1_000, 5_000],
	objects: [100, 1_000, 10_000],
} as const;

/** So many VMs are asked for in turn: more than any memory of requests should hold. */
const distinctObjects = 10_000;
const distinct = [
	createUnaryCase({
		id: "get-distinct-json",
		title: "Get in turn, JSON, HTTP/1.1",
		group: groups.distinct,
		servers: ["ours", "ours, quiet", ...jsonPeers.slice(1)],
		wire: "http1-json",
		calls: eachGetCall,
		objects: distinctObjects,
	}),
	createUnaryCase({
		id: "rest-get",
		title: "Get in turn, REST",
		group: groups.distinct,
		servers: restPeers,
		wire: "http1-rest",
		otherWires: connectJson,
		calls: eachGetCall,
		objects: distinctObjects,
	}),
	createUnaryCase({
		id: "get-distinct-grpc",
		title: "Get in turn, gRPC",
		group: groups.distinct,
		servers: grpcPeers,
		wire: "grpc",
		calls: eachGetCall,
		objects: distinctObjects,
	}),
];

const writes = (
	[
		["create", "Create, a new VM each time", createWrite],
		["update", "Update, a label of each VM in turn", updateWrite],
		["power", "Stop, then Start, each VM in turn", powerWrite],
	] as const
).map(([id, title, write]) =>
	createWriteCase({
		id: `write-${id}`,
		title,
		group: groups.writes,
		servers: ["in memory", "before, in memory", "on disk", "before, on disk"],
		write,
	}),
);

/** A change to few streams is mostly the change itself, and one to many mostly deliveries. */
const singles = (["connect-json", "grpc", "sse", "ndjson", "websocket"] as const).flatMap((wire) =>
	[
		{ perSecond: 100, streams: 500 },
		{ perSecond: 500, streams: 100 },
	].map(({ perSecond, streams }) =>
		createFanOutCase({
			id: `single-${wire}-${perSecond}`,
			title: `${count(perSecond)} a second to ${count(streams)} streams, ${wireTitles[wire]}`,
			group: groups.singles,
			servers: ownAndRaw,
			wire,
			streams,
			singlesPerSecond: perSecond,
		}),
	),
);

const scopes = [100, 1_000, 5_000].map((streams) =>
	createFanOutCase({
		id: `scope-${streams}`,
		title: `${count(streams)} streams, each on its own VM, Connect JSON`,
		group: groups.scopes,
		servers: ownAndRaw,
		wire: "connect-json",
		streams,
		scope: "one VM each",
		objects: streams,
	}),
);

const namespaceScope = (streams: number) =>
	createFanOutCase({
		id: `scope-namespace-${streams}`,
		title: `${count(streams)} streams, each on its own namespace, gRPC`,
		group: groups.scopes,
		servers: ownAndRaw,
		wire: "grpc",
		streams,
		scope: "one namespace each",
		objects: streams,
	});

const calls: readonly BenchCase[] = [
	createUnaryCase({
		id: "get-json",
		title: "Get, JSON, HTTP/1.1",
		group: groups.calls,
		servers: ["ours", "ours, quiet", ...jsonPeers.slice(1)],
		wire: "http1-json",
		calls: only(getCall),
	}),
	createUnaryCase({
		id: "list-json",
		title: "List 100, JSON, HTTP/1.1",
		group: groups.calls,
		servers: jsonPeers,
		wire: "http1-json",
		calls: only(listCall),
	}),
	createUnaryCase({
		id: "rest-list",
		title: "List 100, REST",
		group: groups.calls,
		servers: restPeers,
		wire: "http1-rest",
		otherWires: connectJson,
		calls: only(listCall),
	}),
	createUnaryCase({
		id: "get-grpc",
		title: "Get, gRPC",
		group: groups.calls,
		servers: grpcPeers,
		wire: "grpc",
		calls: only(getCall),
	}),
	createUnaryCase({
		id: "list-grpc",
		title: "List 100, gRPC",
		group: groups.calls,
		servers: grpcPeers,
		wire: "grpc",
		calls: only(listCall),
	}),
];

function watch(wire: WatchWire, streams: number, servers: readonly ServerName[]): BenchCase {
	return createFanOutCase({
		id: `watch-${wire}-${streams}`,
		title: `Watch, ${count(streams)} streams, ${wireTitles[wire]}`,
		group: groups.watches,
		servers,
		wire,
		streams,
	});
}

const watches = (["connect-json", "grpc"] as const).flatMap((wire) =>
	sizes.streams.map((streams) => {
		// All peers where the targets are; stock would take minutes for the most.
		if (streams === 1_000) return watch(wire, streams, watchPeers[wire]);
		return watch(wire, streams, streams < 1_000 ? node : ownAndRaw);
	}),
);

/** Streams in plain HTTP, beside the same service's Connect JSON and those who write them by hand. */
const plainStreams = (["sse", "ndjson"] as const).map((wire) =>
	createFanOutCase({
		id: `watch-${wire}-1000`,
		title: `Watch, ${count(1_000)} streams, ${wireTitles[wire]}`,
		group: groups.watches,
		servers: plainStreamPeers,
		wire,
		otherWires: { "ours, Connect JSON": "connect-json" },
		streams: 1_000,
	}),
);

/** So many as a console with a page for each of its users has. */
const plainSingles = (["sse", "ndjson", "websocket", "websocket-shared"] as const).map((wire) =>
	createFanOutCase({
		id: `single-${wire}-50`,
		title: `50 a second to ${count(1_000)} streams, ${wireTitles[wire]}`,
		group: groups.singles,
		servers: ownAndRaw,
		wire,
		streams: 1_000,
		singlesPerSecond: 50,
	}),
);

const socketPeers = {
	websocket: plainStreamPeers,
	"websocket-shared": ["ours", "ours, Connect JSON", "before"],
} as const;

/** Subscriptions on WebSockets, beside the same service's Connect JSON. */
const sockets = (["websocket", "websocket-shared"] as const).map((wire) =>
	createFanOutCase({
		id: `watch-${wire}-1000`,
		title: `Watch, ${count(1_000)} streams, ${wireTitles[wire]}`,
		group: groups.watches,
		servers: socketPeers[wire],
		wire,
		otherWires: { "ours, Connect JSON": "connect-json" },
		streams: 1_000,
	}),
);

const listSizes = sizes.list.map((objects) =>
	createUnaryCase({
		id: `list-size-${objects}`,
		title: `List ${count(objects)}, JSON`,
		group: groups.listSizes,
		servers: node,
		wire: "http1-json",
		calls: only(listCall),
		objects,
	}),
);

const stores = sizes.objects.flatMap((objects) => {
	const sized = (id: string, title: string, calls: MakeCalls) =>
		createUnaryCase({
			id: `${id}-${objects}`,
			title: `${title} ${count(objects)}, JSON`,
			group: groups.objects,
			servers: ["ours", "before"],
			wire: "http1-json",
			calls,
			objects,
		});
	return [
		sized("get-of", "Get, in turn each of", eachGetCall),
		sized("page-of", "List, a page of 100 of", only(pageCall)),
	];
});

function memory(wire: WatchWire, streams: number): BenchCase {
	return createMemoryCase({
		id: `memory-${wire}`,
		title: `Memory, ${count(streams)} idle streams, ${wireTitles[wire]}`,
		group: groups.memory,
		servers: ownAndRaw,
		wire,
		streams,
	});
}

function latency(streams: number): BenchCase {
	return createLatencyCase({
		id: "latency",
		title: `Get, beside ${count(streams)} streams`,
		group: groups.latency,
		servers: ownAndRaw,
		wire: "connect-json",
		streams,
	});
}

const startUp = createStartUpCase({
	id: "start-up",
	title: "Start-up",
	group: groups.startUp,
	servers: ["npm start", "stock", "raw"],
});

const hostile = createHostileCase({
	id: "hostile",
	title: "Hostile documents, one after the other",
	group: groups.hostile,
	servers: ["in memory", "before, in memory"],
});

function count(number: number): string {
	return number.toLocaleString("en");
}

/** Every case, in the order of the scoreboard. */
export function fullCatalogue(): BenchCase[] {
	return [
		...distinct,
		...calls,
		...writes,
		...watches,
		...plainStreams,
		...sockets,
		...singles,
		...plainSingles,
		...scopes,
		namespaceScope(10_000),
		...listSizes,
		...stores,
		memory("connect-json", 2_500),
		memory("grpc", 2_500),
		latency(1_000),
		hostile,
		startUp,
	];
}

/** Every kind of case, but with few streams: for a smoke. */
export function quickCatalogue(): BenchCase[] {
	const few = 100;
	return [
		...distinct,
		...calls,
		...writes,
		...singles.filter(({ id }) => id === "single-connect-json-100"),
		...scopes.filter(({ id }) => id === "scope-100"),
		namespaceScope(100),
		watch("connect-json", few, node),
		watch("grpc", few, [...node, "grpc-js"]),
		watch("sse", few, ["ours", "raw"]),
		watch("ndjson", few, ["ours", "raw"]),
		watch("websocket", few, ["ours", "raw"]),
		watch("websocket-shared", few, ["ours"]),
		...stores.filter(({ id }) => id === "page-of-1000"),
		memory("grpc", few),
		latency(few),
		hostile,
		startUp,
	];
}
