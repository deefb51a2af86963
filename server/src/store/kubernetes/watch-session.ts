import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { Clock } from "../../clock.ts";
import type { Upstream } from "./api.ts";
import { parseLosslessJson } from "./lossless-json.ts";
import {
	isJsonObject,
	objectAt,
	parseUnstructured,
	textAt,
	type Unstructured,
	versionOf,
} from "./unstructured.ts";
import { UpstreamError } from "./upstream-error.ts";

/** One event, a line of a watch. */
export type WatchEvent =
	| { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly raw: Unstructured }
	| { readonly type: "BOOKMARK"; readonly version: bigint };

/** One watch request, and what hears of it. */
export interface WatchSession {
	readonly fromVersion: bigint;
	/** Time after which the API server ends it, in milliseconds. */
	readonly timeoutMs: number;
	/** Time from its start after which it is cut, in milliseconds. */
	readonly cutAfterMs: number;
	readonly maxLineBytes: number;
	/** False: the kind may have no namespaces. Default: true. */
	readonly isNamespaced?: boolean;
	readonly signal: AbortSignal;
	/** Leaves the watch when it aborts, as a true of `onEvent` does. Default: never. */
	readonly leave?: AbortSignal;
	/** The API server has begun to answer. */
	readonly onOpen: () => void;
	/** @returns true to leave. */
	readonly onEvent: (event: WatchEvent) => boolean | undefined;
}

/**
 * Follows one watch until the API server ends it, or it is left.
 * @throws UpstreamError; "lost" for one that outlives its time: a connection that died
 * silently is noticed by nothing else
 */
export async function followWatch(
	upstream: Upstream,
	clock: Clock,
	session: WatchSession,
): Promise<void> {
	const { fromVersion, timeoutMs, signal, leave = new AbortController().signal } = session;
	const cut = new AbortController();
	const timer = clock.setTimer(session.cutAfterMs, () =>
		cut.abort(new UpstreamError({ kind: "lost" }, "the watch outlived its time: it is stalled")),
	);
	const ended = AbortSignal.any([signal, cut.signal, leave]);
	try {
		const chunks = await upstream.watch({ fromVersion, timeoutMs, signal: ended });
		session.onOpen();
		for await (const event of readWatchEvents(chunks, session)) {
			ended.throwIfAborted();
			if (session.onEvent(event) === true) return;
		}
	} catch (error) {
		if (leave.aborted) return;
		ended.throwIfAborted();
		throw error;
	} finally {
		timer.cancel();
		// A watch that is left early must not keep its request open.
		cut.abort();
	}
}

const newline = 0x0a;

/**
 * Reads the events of a watch. What cannot be read ends it and is never skipped: the next watch
 * starts from the last event that was read.
 * @throws UpstreamError "garbled", "oversized", "lost" where the body ends in mid-line, and
 * "refused" for an ERROR event
 */
async function* readWatchEvents(
	chunks: AsyncIterable<Uint8Array>,
	{ maxLineBytes, isNamespaced = true }: Pick<WatchSession, "maxLineBytes" | "isNamespaced">,
): AsyncGenerator<WatchEvent> {
	for await (const line of splitLines(chunks, maxLineBytes)) yield parseEvent(line, isNamespaced);
}

async function* splitLines(
	chunks: AsyncIterable<Uint8Array>,
	maxLineBytes: number,
): AsyncGenerator<Uint8Array> {
	let parts: Uint8Array[] = [];
	let bytes = 0;
	const keep = (part: Uint8Array) => {
		parts.push(part);
		bytes += part.length;
		if (bytes > maxLineBytes) {
			throw new UpstreamError({ kind: "oversized" }, `a line is over ${maxLineBytes} bytes`);
		}
	};
	for await (const chunk of chunks) {
		let start = 0;
		for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
			keep(chunk.subarray(start, end));
			yield Buffer.concat(parts);
			parts = [];
			bytes = 0;
			start = end + 1;
		}
		if (start < chunk.length) keep(chunk.subarray(start));
	}
	if (bytes > 0) throw new UpstreamError({ kind: "lost" }, "the watch ended in mid-line");
}

function parseEvent(line: Uint8Array, isNamespaced: boolean): WatchEvent {
	const event = parseLine(line);
	const { type, object } = event;
	switch (type) {
		case "ADDED":
		case "MODIFIED":
		case "DELETED":
			return { type, raw: parseUnstructured(object, isNamespaced) };
		case "BOOKMARK":
			return { type, version: versionOf(objectAt(object, "metadata").resourceVersion) };
		case "ERROR":
			throw errorEvent(object);
		default:
			throw new UpstreamError({ kind: "garbled" }, "an event is of an unknown type");
	}
}

function parseLine(line: Uint8Array): JsonObject {
	let value: JsonValue;
	try {
		value = parseLosslessJson(new TextDecoder("utf-8", { fatal: true }).decode(line));
	} catch (error) {
		throw new UpstreamError({ kind: "garbled" }, "a line is not JSON", error);
	}
	if (isJsonObject(value)) return value;
	throw new UpstreamError({ kind: "garbled" }, "a line is not an event");
}

function errorEvent(value: JsonValue | undefined): UpstreamError {
	const status = isJsonObject(value) ? value : {};
	const code = typeof status.code === "number" ? status.code : 500;
	const seconds = objectAt(status, "details").retryAfterSeconds;
	const retryAfterMs = typeof seconds === "number" ? seconds * 1_000 : undefined;
	return new UpstreamError(
		{ kind: "refused", code, status, retryAfterMs },
		`the watch ended with ERROR ${code}: ${textAt(status, "message")}`,
	);
}
