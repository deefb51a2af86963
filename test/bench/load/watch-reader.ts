import {
	type WukongEvent,
	WukongEvent_Type,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { decode, type Form } from "../payload/form.ts";
import { createEnvelopeReader, type EnvelopeHandler } from "./envelope.ts";
import type { Tally } from "./tally.ts";
import { createTextReader, type TextFrames } from "./text-frames.ts";
import { createEventsReader } from "./websocket-streams.ts";

export interface WatchReaderOptions {
	readonly form: Form;
	/** What divides messages. Default: envelopes. */
	readonly frames?: TextFrames | "messages" | undefined;
	/** Decode every event, not only those up to SYNCED. */
	readonly sampled: boolean;
	readonly tally: Tally;
	/** The stream is live. */
	onSynced(): void;
	/** Something came that must not. */
	onFault(text: string): void;
}

/** Reads one watch: up to SYNCED message by message, then counting. @returns takes the body's bytes */
export function createWatchReader(options: WatchReaderOptions): (chunk: Buffer) => void {
	const { form, sampled, tally } = options;
	let live = false;

	const read = ({ type, wukong }: WukongEvent) => {
		switch (type) {
			case WukongEvent_Type.SYNCED:
				if (live) options.onFault("SYNCED twice");
				else options.onSynced();
				live = true;
				break;
			case WukongEvent_Type.MODIFIED:
				if (!live) return options.onFault("MODIFIED before SYNCED");
				tally.sample(wukong?.name ?? "");
				tally.deliver();
				break;
			// Those that were asked for come too seldom to be met; the first message may be one.
			case WukongEvent_Type.HEARTBEAT:
				if (live) options.onFault("an unasked HEARTBEAT");
				break;
			default:
				options.onFault(`an event ${WukongEvent_Type[type]}`);
		}
	};
	const { frames } = options;
	const handler: EnvelopeHandler = {
		collects: () => sampled || !live,
		message(flags, bytes) {
			if (flags !== 0) options.onFault(`an envelope with flags ${flags}`);
			else if (bytes === undefined) tally.deliver();
			else read(decode(WukongEventSchema, bytes, form));
		},
	};
	if (frames === undefined) return createEnvelopeReader(handler);
	return frames === "messages" ? createEventsReader(handler) : createTextReader(frames, handler);
}
