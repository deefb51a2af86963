import type { JsonObject } from "@bufbuild/protobuf";
import type { RawWukong } from "../../../../server/src/store/kubernetes/raw-wukong.ts";
import type {
	ListPage,
	ListRequest,
	Upstream,
	WatchRequest,
} from "../../../../server/src/store/kubernetes/upstream.ts";
import { UpstreamError } from "../../../../server/src/store/kubernetes/upstream-error.ts";

/** One watch that the loop has opened; the test plays the API server's side. */
export interface ScriptedWatch {
	readonly request: WatchRequest;
	/** The loop has left it. */
	readonly left: boolean;
	send(type: string, object: JsonObject): void;
	bookmark(version: number): void;
	bytes(bytes: Uint8Array | string): void;
	/** Ends the body as it should end. */
	end(): void;
	/** Breaks it. */
	fail(error: Error): void;
}

/** An API server that answers as a test tells it. */
export interface ScriptedUpstream extends Upstream {
	readonly lists: ListRequest[];
	readonly watches: ScriptedWatch[];
	/** The watch opened last. */
	readonly watching: ScriptedWatch;
	/** What lists answer from. */
	state: { version: number; objects: RawWukong[] };
	/** What the next lists do instead, first one first. */
	readonly listAnswers: ((request: ListRequest) => ListPage)[];
	/** What the next watches do before they open. */
	readonly watchAnswers: (() => void)[];
}

export function createScriptedUpstream(): ScriptedUpstream {
	const lists: ListRequest[] = [];
	const watches: ScriptedWatch[] = [];
	return {
		lists,
		watches,
		listAnswers: [],
		watchAnswers: [],
		state: { version: 100, objects: [] },
		get watching() {
			const last = watches.at(-1);
			if (last === undefined) throw new Error("no watch was opened");
			return last;
		},
		async list(request) {
			lists.push(request);
			const answer = this.listAnswers.shift();
			if (answer !== undefined) return answer(request);
			if (request.exactVersion !== undefined) throw refused(410);
			const { version, objects } = this.state;
			return { version: BigInt(version), items: objects, continueToken: "" };
		},
		async watch(request) {
			this.watchAnswers.shift()?.();
			const watch = openWatch(request);
			watches.push(watch);
			return watch.chunks;
		},
	};
}

/** The API server refuses. */
export function refused(code: number, retryAfterMs?: number): UpstreamError {
	return new UpstreamError({ kind: "refused", code, status: {}, retryAfterMs }, `refused: ${code}`);
}

export function unreachable(): UpstreamError {
	return new UpstreamError({ kind: "unreachable" }, "nobody listens");
}

function openWatch(request: WatchRequest): ScriptedWatch & { chunks: AsyncIterable<Uint8Array> } {
	let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	const chunks = new ReadableStream<Uint8Array>({
		start(given) {
			controller = given;
		},
	});
	const { signal } = request;
	const onAbort = () => controller?.error(signal.reason);
	signal.addEventListener("abort", onAbort, { once: true });
	const bytes = (data: Uint8Array | string) =>
		controller?.enqueue(typeof data === "string" ? Buffer.from(data) : data);
	const send = (type: string, object: JsonObject) => bytes(`${JSON.stringify({ type, object })}\n`);
	return {
		request,
		chunks,
		get left() {
			return signal.aborted;
		},
		send,
		bookmark: (version) =>
			send("BOOKMARK", { kind: "Wukong", metadata: { resourceVersion: String(version) } }),
		bytes,
		end() {
			signal.removeEventListener("abort", onAbort);
			controller?.close();
		},
		fail(error) {
			signal.removeEventListener("abort", onAbort);
			controller?.error(error);
		},
	};
}
