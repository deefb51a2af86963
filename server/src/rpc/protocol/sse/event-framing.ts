import type { Message } from "@bufbuild/protobuf";
import { type Codec, createFraming, type Framing } from "../../codec/codec.ts";
import type { EventLabels } from "../event-labels.ts";

/** Rules by which messages become events. */
export interface EventFramingRule {
	/** Labels by the type's name. */
	readonly labels: ReadonlyMap<string, EventLabels>;
	/** False: all events go without a name, so that a page's `onmessage` hears them. */
	readonly isNamed: boolean;
}

/**
 * Creates the framing of server-sent events (HTML Standard, 9.2.5): lines of `event:`, `id:` and
 * `data:` around the very bytes that other forms of JSON send, which hold no line break.
 * @param key unique among framings
 */
export function createEventFraming(
	key: string,
	{ labels, isNamed }: EventFramingRule,
): Readonly<Record<Codec, Framing>> {
	const headOf = (message: Message) => {
		const label = labels.get(message.$typeName);
		if (label === undefined) return dataField;
		const name = isNamed ? fieldOf("event", label.nameOf(message)) : "";
		return name + fieldOf("id", label.idOf(message)) + dataField;
	};
	return createFraming(
		key,
		(encoded, messages) => {
			const heads = messages.map(headOf);
			let length = 0;
			for (const [index, { byteLength }] of encoded.entries()) {
				length += Buffer.byteLength(heads[index] as string) + byteLength + blankLine.length;
			}
			const bytes = Buffer.allocUnsafe(length);
			let at = 0;
			for (const [index, json] of encoded.entries()) {
				at += bytes.write(heads[index] as string, at);
				bytes.set(json, at);
				at += json.byteLength;
				at += bytes.write(blankLine, at, "latin1");
			}
			return bytes;
		},
		(frame) => frame.subarray(startOfData(frame), -blankLine.length),
	);
}

const dataField = "data: ";
const blankLine = "\n\n";

/** A line break would begin a field of its own, and a browser ignores an id with NUL. */
function fieldOf(name: string, value: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	return value === "" || /[\n\r\x00]/.test(value) ? "" : `${name}: ${value}\n`;
}

/** The data is the last field, and nothing before it holds a line break of its own. */
function startOfData(frame: Buffer): number {
	if (frame.subarray(0, dataField.length).equals(dataBytes)) return dataField.length;
	return frame.indexOf(`\n${dataField}`) + 1 + dataField.length;
}

const dataBytes = Buffer.from(dataField);
