/** What one case must come to. */
export interface Target {
	/** Id of the case. */
	readonly case: string;
	/** What it is, where the case's title does not say. */
	readonly note?: string;
	/** Default: "ours". */
	readonly server?: string;
	/** Id of the case's measure. */
	readonly measure: string;
	readonly demands: readonly Demand[];
}

/** One condition. */
export type Demand =
	/** So many times as good as another server. */
	| { readonly base: string; readonly atLeast: number }
	/** Better than another server, by whatever little. */
	| { readonly aheadOf: string }
	/** So many times the other's figure, and no more. */
	| { readonly base: string; readonly atMost: number }
	/** The figure itself. */
	| { readonly atMost: number };

const cpu = "cpu";
/** As good as another server, within what a run tells apart. */
const beside = 0.9;

/** What this service is to reach, each a ratio within one run. */
export const targets: readonly Target[] = [
	{
		case: "get-distinct-json",
		note: "everything on",
		measure: cpu,
		demands: [
			{ base: "stock", atLeast: 5 },
			{ base: "raw", atLeast: 0.6 },
			{ aheadOf: "fastify" },
			{ aheadOf: "express" },
			{ aheadOf: "fastapi" },
			{ aheadOf: "connect-go" },
		],
	},
	{
		case: "get-distinct-json",
		note: "log and metrics off",
		server: "ours, quiet",
		measure: cpu,
		demands: [
			{ base: "raw", atLeast: 0.8 },
			{ base: "gin", atLeast: beside },
			{ base: "chi", atLeast: beside },
		],
	},
	{
		case: "list-json",
		measure: cpu,
		demands: [
			{ base: "stock", atLeast: 25 },
			{ base: "raw", atLeast: 0.7 },
			{ base: "gin", atLeast: 4 },
			{ base: "chi", atLeast: 4 },
			{ base: "echo", atLeast: 4 },
			{ base: "fiber", atLeast: 4 },
		],
	},
	{
		case: "rest-get",
		measure: cpu,
		demands: [
			{ base: "ours, Connect JSON", atLeast: beside },
			...["gin", "chi", "echo"].map((base) => ({ base, atLeast: beside })),
		],
	},
	{
		case: "rest-list",
		measure: cpu,
		demands: [
			{ base: "ours, Connect JSON", atLeast: beside },
			...["gin", "chi", "echo"].map((base) => ({ base, atLeast: 4 })),
		],
	},
	{
		case: "get-distinct-grpc",
		measure: cpu,
		demands: [
			{ base: "stock", atLeast: 5 },
			{ base: "raw", atLeast: 0.7 },
			{ base: "grpc-js", atLeast: 1.5 },
			{ aheadOf: "connect-go" },
		],
	},
	{
		case: "list-grpc",
		measure: cpu,
		demands: [
			{ base: "stock", atLeast: 6 },
			{ base: "raw", atLeast: 0.8 },
			{ base: "grpc-go", atLeast: 1.5 },
			{ base: "grpc-js", atLeast: 8 },
		],
	},
	{
		case: "watch-connect-json-1000",
		measure: cpu,
		demands: [
			{ base: "stock", atLeast: 30 },
			{ base: "connect-go", atLeast: 10 },
			{ base: "raw", atLeast: 0.8 },
		],
	},
	{
		case: "watch-grpc-1000",
		measure: cpu,
		demands: [
			{ base: "stock", atLeast: 15 },
			{ aheadOf: "grpc-go" },
			{ base: "raw", atLeast: 0.8 },
		],
	},
	...["sse", "ndjson", "websocket"].flatMap((wire): Target[] => [
		{
			case: `watch-${wire}-1000`,
			measure: cpu,
			demands: [
				{ base: "ours, Connect JSON", atLeast: 0.8 },
				{ base: "gin", atLeast: 3 },
				{ base: "gin-shared", atLeast: 1.1 },
				{ base: "fiber", atLeast: 3 },
				{ base: "fiber-shared", atLeast: 1.1 },
				{ base: "express", atLeast: 3 },
				{ base: "express-shared", atLeast: 1.1 },
			],
		},
	]),
	...["sse", "ndjson"].flatMap((wire): Target[] => [
		{ case: `single-${wire}-50`, measure: cpu, demands: [{ base: "raw", atLeast: beside }] },
		{ case: `single-${wire}-100`, measure: cpu, demands: [{ base: "raw", atLeast: beside }] },
		{ case: `single-${wire}-500`, measure: cpu, demands: [{ base: "raw", atLeast: beside }] },
	]),
	{
		case: "watch-websocket-shared-1000",
		measure: cpu,
		demands: [{ base: "ours, Connect JSON", atLeast: 0.8 }],
	},
	{ case: "single-websocket-50", measure: cpu, demands: [{ base: "raw", atLeast: beside }] },
	{ case: "single-websocket-shared-50", measure: cpu, demands: [{ base: "raw", atLeast: beside }] },
	{ case: "single-websocket-100", measure: cpu, demands: [{ base: "raw", atLeast: beside }] },
	{ case: "single-websocket-500", measure: cpu, demands: [{ base: "raw", atLeast: beside }] },
	{ case: "memory-connect-json", measure: "rss", demands: [{ base: "raw", atMost: 1.3 }] },
	{ case: "memory-grpc", measure: "rss", demands: [{ base: "raw", atMost: 1.3 }] },
	{ case: "latency", measure: "p99", demands: [{ atMost: 20 }] },
];
