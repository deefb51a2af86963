import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import {
	createConnectTransport,
	createGrpcTransport,
	createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { openPort } from "../../../support/port-fixture.ts";
import { until } from "../../../support/until.ts";

const protocols = {
	connect: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
	grpc: (baseUrl: string) => createGrpcTransport({ baseUrl }),
	"grpc-web": (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
} as const;
type Protocol = keyof typeof protocols;

const refusal = new ConnectError("no", Code.FailedPrecondition);
const crash = new Error("oops");
const ends = { answers: undefined, refuses: refusal, crashes: crash } as const;
type End = keyof typeof ends;

interface Scene {
	readonly protocol: Protocol;
	readonly end: End;
	readonly kind: "unary" | "stream";
	/** When the implementation asks for its signal first. */
	readonly asked: "within the call" | "after it";
}

/** What an implementation sees of its signal, from its start until after the answer. */
async function signalOf(way: "direct" | "universal", scene: Scene): Promise<readonly unknown[]> {
	const seen: unknown[] = [];
	let context: HandlerContext | undefined;
	const begin = (given: HandlerContext) => {
		context = given;
		if (scene.asked === "after it") return;
		seen.push(given.signal.aborted);
		given.signal.addEventListener("abort", () => seen.push("told"));
	};
	const finish = () => {
		if (ends[scene.end] !== undefined) throw ends[scene.end];
	};
	const port = await openPort({
		way,
		implementation: {
			async getWukong(_request, given) {
				begin(given);
				await Promise.resolve();
				finish();
				return {};
			},
			async *watchWukong(_request, given) {
				begin(given);
				yield {};
				finish();
			},
		},
	});
	const client = createClient(WukongService, protocols[scene.protocol](port.url));
	if (scene.kind === "unary") await client.getWukong({ name: "a" }).catch(() => {});
	else await readAll(client.watchWukong({})).catch(() => {});
	await until("the call has ended", () => port.seen.ended.length === 1);
	port.seen.unexpected.length = 0;
	const { aborted, reason } = (context as HandlerContext).signal;
	const why = [refusal, crash].includes(reason) ? reason : reason?.name;
	return [...seen, aborted, why];
}

async function readAll(messages: AsyncIterable<unknown>): Promise<void> {
	for await (const _ of messages);
}

describe("the signal of a call, after its answer, is as connect's own handlers leave it", () => {
	const scenes = (["unary", "stream"] as const).flatMap((kind) =>
		(Object.keys(protocols) as Protocol[]).flatMap((protocol) =>
			(Object.keys(ends) as End[]).flatMap((end) =>
				(["within the call", "after it"] as const).map((asked) => ({ kind, protocol, end, asked })),
			),
		),
	);
	test.each(scenes)("$kind, $protocol, that $end, asked for $asked", async (scene) => {
		const universal = await signalOf("universal", scene);
		expect(await signalOf("direct", scene)).toEqual(universal);
		expect(universal.at(-2)).toBe(true);
	});
});
