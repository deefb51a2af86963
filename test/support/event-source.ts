/** One event, as a browser dispatches it (HTML Standard, 9.2.6). */
export interface ServerEvent {
	/** `message` where the stream names none. */
	readonly type: string;
	readonly data: string;
	/** The last id that the stream has said, up to and with this event. */
	readonly lastEventId: string;
}

/** Parser of an event stream, strict where a browser forgives: what we send has no excuse. */
export interface EventStreamParser {
	push(chunk: Buffer): ServerEvent[];
	/** Time before the next connection, in milliseconds, as the stream last said it. */
	readonly retryMs: number | undefined;
	/** Nothing waits for the rest of its event. */
	readonly isAtRest: boolean;
}

export function createEventStreamParser(lastEventId = ""): EventStreamParser {
	let rest: Buffer = Buffer.alloc(0);
	let id = lastEventId;
	let retryMs: number | undefined;
	let type = "";
	let data: string[] = [];

	/** @returns the event that the line has ended */
	function take(line: string): ServerEvent | undefined {
		if (line === "") {
			const event = { type: type || "message", data: data.join("\n"), lastEventId: id };
			const isEvent = data.length > 0;
			type = "";
			data = [];
			return isEvent ? event : undefined;
		}
		const match = /^(event|data|id|retry): (.*)$/.exec(line);
		if (match === null) throw new Error(`no field of an event: ${line}`);
		const [, field, value = ""] = match;
		if (field === "event") type = value;
		if (field === "data") data.push(value);
		if (field === "id") id = value;
		if (field === "retry") {
			if (!/^[0-9]+$/.test(value)) throw new Error(`no time: ${value}`);
			retryMs = Number(value);
		}
		return undefined;
	}

	return {
		push(chunk) {
			rest = Buffer.concat([rest, chunk]);
			const events: ServerEvent[] = [];
			for (;;) {
				const end = rest.indexOf("\n");
				if (end === -1) return events;
				const event = take(rest.toString("utf8", 0, end));
				if (event !== undefined) events.push(event);
				rest = rest.subarray(end + 1);
			}
		},
		get retryMs() {
			return retryMs;
		},
		get isAtRest() {
			return rest.length === 0 && data.length === 0 && type === "";
		},
	};
}
