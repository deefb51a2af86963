import type { DescMessage, Message } from "@bufbuild/protobuf";

/**
 * What the messages of a stream say of themselves outside of their JSON: the service gives it when
 * the parts are wired. Streams of messages without labels have neither event names nor ids.
 */
export interface EventLabels {
	/** Type of the messages. */
	readonly schema: DescMessage;
	/** Returns the name of an event, as in `added`; empty: it has none. */
	nameOf(message: Message): string;
	/** Returns the id to resume behind; empty: there is none. */
	idOf(message: Message): string;
	/** Changes a request so that its stream goes on behind an id. */
	resume(request: Message, id: string): void;
}
