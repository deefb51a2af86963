import type { JsonObject } from "@bufbuild/protobuf";
import type {
	ListPage,
	ListRequest,
	Upstream,
	WatchRequest,
} from "../../../../server/src/store/kubernetes/api.ts";
import {
	objectAt,
	type Unstructured,
} from "../../../../server/src/store/kubernetes/unstructured.ts";
import { UpstreamError } from "../../../../server/src/store/kubernetes/upstream-error.ts";
import { FakeRefusal } from "../../../support/fake-api-store.ts";

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
	/** Lists of all objects that were asked for. */
	readonly lists: ListRequest[];
	/** How often just the version was asked for, with a list of one object. */
	readonly versionChecks: number;
	readonly watches: ScriptedWatch[];
	/** The watch opened last. */
	readonly watching: ScriptedWatch;
	/** What lists answer from. Its version rises with what watches tell. */
	state: { version: number; objects: Unstructured[] };
	/** What the next lists do instead, first one first. */
	readonly listAnswers: ((request: ListRequest) => ListPage)[];
	/** What the next watches do before they open. */
	readonly watchAnswers: (() => void)[];
}

export function createScriptedUpstream(): ScriptedUpstream {
	const lists: ListRequest[] = [];
	let versionChecks = 0;
	const watches: ScriptedWatch[] = [];
	return {
		lists,
		get versionChecks() {
			return versionChecks;
		},
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
			if (request.limit === 1) {
				versionChecks++;
				return { version: BigInt(this.state.version), items: [], continueToken: "" };
			}
			lists.push(request);
			const answer = this.listAnswers.shift();
			if (answer !== undefined) return answer(request);
			if (request.exactVersion !== undefined) throw refused(410);
			const { version, objects } = this.state;
			return { version: BigInt(version), items: objects, continueToken: "" };
		},
		async watch(request) {
			this.watchAnswers.shift()?.();
			const watch = openWatch(request, (version) => {
				this.state = { ...this.state, version: Math.max(this.state.version, version) };
			});
			watches.push(watch);
			return watch.chunks;
		},
	};
}

/** The API server refuses. */
export function refused(code: number, retryAfterMs?: number): UpstreamError {
	return new UpstreamError({ kind: "refused", code, status: {}, retryAfterMs }, `refused: ${code}`);
}

/** Does what a fake API server does, and refuses as the API server where that refuses. */
export async function answerAs<T>(work: () => T): Promise<T> {
	try {
		return work();
	} catch (error) {
		if (!(error instanceof FakeRefusal)) throw error;
		const { status } = error;
		const problem = { kind: "refused", code: Number(status.code), status } as const;
		throw new UpstreamError({ ...problem, retryAfterMs: undefined }, error.message);
	}
}

export function unreachable(): UpstreamError {
	return new UpstreamError({ kind: "unreachable" }, "nobody listens");
}

function openWatch(
	request: WatchRequest,
	onVersion: (version: number) => void,
): ScriptedWatch & { chunks: AsyncIterable<Uint8Array> } {
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
	const send = (type: string, object: JsonObject) => {
		onVersion(Number(objectAt(object, "metadata").resourceVersion ?? 0));
		bytes(`${JSON.stringify({ type, object })}\n`);
	};
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
