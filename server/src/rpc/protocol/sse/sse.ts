import { Code } from "@connectrpc/connect";
import { type Exchange, headerOf } from "../../../http/exchange.ts";
import { valuesOf } from "../../../http/fields.ts";
import { badRequest, type Refusal } from "../../refusals.ts";
import type { EventLabels } from "../event-labels.ts";
import type { ErrorBody, OpenForm, StreamForm } from "../rest/stream-form.ts";
import { createEventFraming } from "./event-framing.ts";

const contentType = "text/event-stream";

/** Time after which a browser connects again, in milliseconds, unless an error says otherwise. */
const retryMs = 1_000;
/** Browsers that have lost one server come back spread over so many milliseconds. */
const spreadMs = 1_000;
/** Different delays within the spread. */
const spreadSteps = 16;

/**
 * Id of the last event of a stream whose messages have none: a browser that connects again with it
 * has had all of it. No service's id begins with a colon.
 */
const endId = ":end";

/** What one request asks of the form. */
interface Wish {
	/** Labels of the messages; undefined: they have no ids to resume behind. */
	readonly labels: EventLabels | undefined;
	/** False: the events go without names (`?events=message`). */
	readonly isNamed: boolean;
	/** The browser has connected again by itself: Last-Event-ID says so. */
	readonly isResumed: boolean;
}

/**
 * Creates server-sent events (HTML Standard, 9.2). A browser connects again after every end of a
 * stream, and never after another status than 200. So an error that waiting helps against ends a
 * stream with a hint, also one that has not begun, and who has come back for nothing gets 204.
 *
 * @param labels of the messages that have names and ids
 */
export function createSse(labels: readonly EventLabels[]): StreamForm {
	const byType = new Map(labels.map((label) => [label.schema.typeName, label]));
	const framings = {
		named: createEventFraming("events", { labels: byType, isNamed: true }),
		unnamed: createEventFraming("unnamed-events", { labels: byType, isNamed: false }),
	};
	let step = 0;
	const spread = () => {
		step = (step + 1) % spreadSteps;
		return Math.round((step * spreadMs) / spreadSteps);
	};

	/** Writes the last event, under a name of its own: a page hears its connection fail as `error`. */
	function lastEvent({ isNamed, labels }: Wish, status: ErrorBody | undefined): Buffer {
		const isFinal = status === undefined || !passes(status);
		const name = isNamed ? "event: status\n" : "";
		const end = labels === undefined ? `id: ${endId}\n` : "";
		const next = isFinal ? end : `retry: ${(status.retryAfterMs ?? retryMs) + spread()}\n`;
		return Buffer.from(`${name}${next}data: ${status?.json ?? '{"code":0}'}\n\n`);
	}

	function createForm(wish: Wish): OpenForm {
		const { labels } = wish;
		return {
			contentType,
			framing: wish.isNamed ? framings.named : framings.unnamed,
			prepare(message, exchange) {
				const id = lastEventIdOf(exchange);
				if (valuesOf(exchange.rawHeaders, lastEventId).length > 1) return twoPlaces;
				if (id === endId && labels === undefined) return noMoreEvents;
				if (id !== "") labels?.resume(message, id);
				return undefined;
			},
			start: () => Buffer.from(`retry: ${retryMs + spread()}\n\n`),
			end: (status) => ({ body: lastEvent(wish, status) }),
			failure(status, response) {
				if (passes(status)) {
					const headers = ["content-type", contentType, "x-accel-buffering", "no"];
					return { status: 200, headers, body: lastEvent(wish, status) };
				}
				return wish.isResumed ? { status: 204, headers: [] } : response;
			},
		};
	}
	const forms = new Map<string, OpenForm>();

	return {
		name: "sse",
		mediaTypes: [contentType],
		parameters: ["events"],
		open({ exchange, method, parameters: [events] }) {
			if (events !== undefined && events.value !== "message") return wrongEvents;
			const isNamed = events === undefined;
			const isResumed = lastEventIdOf(exchange) !== "";
			const labels = byType.get(method.output.typeName);
			const key = `${labels?.schema.typeName} ${isNamed} ${isResumed}`;
			let form = forms.get(key);
			if (form === undefined) {
				form = createForm({ labels, isNamed, isResumed });
				forms.set(key, form);
			}
			return form;
		},
	};
}

function lastEventIdOf(exchange: Exchange): string {
	return headerOf(exchange, lastEventId) ?? "";
}

const lastEventId = "last-event-id";

const twoPlaces: Refusal = badRequest(
	"protocol",
	"the request is invalid: two last-event-id fields",
);

const wrongEvents: Refusal = {
	...badRequest("protocol", "the request is invalid: events: is to be message, or left out"),
	violations: [{ field: "events", description: "is to be message, or left out" }],
};

/** Not said to anybody: it becomes 204. */
const noMoreEvents: Refusal = badRequest("protocol", "the stream has ended");

/** Waiting helps: the error says how long, or its code says that it passes. */
function passes({ error: { code }, retryAfterMs }: ErrorBody): boolean {
	if (retryAfterMs !== undefined) return true;
	return code === Code.Unavailable || code === Code.Aborted || code === Code.DeadlineExceeded;
}
