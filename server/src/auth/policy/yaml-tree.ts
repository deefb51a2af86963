import { EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from "js-yaml";

/** A node of a YAML document, with the line where it begins, from 1. */
export type YamlNode = YamlScalar | YamlList | YamlMap;

/** Text, whatever YAML would make of it: `no` and `007` stay what they are. */
export interface YamlScalar {
	readonly kind: "text";
	readonly line: number;
	readonly text: string;
}

export interface YamlList {
	readonly kind: "list";
	readonly line: number;
	readonly items: YamlNode[];
}

export interface YamlMap {
	readonly kind: "map";
	readonly line: number;
	readonly entries: { readonly key: YamlNode; readonly value: YamlNode }[];
}

/** Thrown where a text is no YAML document that can be read; the message is one line, without the place. */
export class YamlFault extends Error {
	override readonly name = "YamlFault";
	/** From 1. */
	readonly line: number;

	constructor(line: number, problem: string, cause?: unknown) {
		super(problem, { cause });
		this.line = line;
	}
}

/** Deepest nesting; a policy has four levels. */
const maxDepth = 16;

/**
 * Reads one YAML document as a tree of texts. Without anchors, aliases and tags: what a file means is to
 * be seen where it stands.
 * @throws YamlFault
 */
export function readYamlTree(source: string): YamlNode {
	const events = eventsOf(source);
	const lineOf = createLineFinder(source);
	let at = 0;
	/** An empty value has no place of its own. */
	let lastLine = 1;
	const lineAt = (offset: number) => {
		if (offset >= 0) lastLine = lineOf(offset);
		return lastLine;
	};
	const next = (): Event => {
		const event = events[at++];
		if (event === undefined) throw new YamlFault(lineOf(source.length), "ends too early");
		return event;
	};
	const node = (event: Event): YamlNode => {
		switch (event.type) {
			case EVENT_ID.SCALAR: {
				refuse(event, event.valueStart);
				const isEmpty = event.valueStart < 0;
				const text = isEmpty ? "" : getScalarValue(source, event);
				return { kind: "text", line: lineAt(event.valueStart), text };
			}
			case EVENT_ID.SEQUENCE: {
				refuse(event, event.start);
				const line = lineAt(event.start);
				const items: YamlNode[] = [];
				for (let item = next(); item.type !== EVENT_ID.POP; item = next()) items.push(node(item));
				return { kind: "list", line, items };
			}
			case EVENT_ID.MAPPING: {
				refuse(event, event.start);
				const line = lineAt(event.start);
				const entries: YamlMap["entries"] = [];
				for (let key = next(); key.type !== EVENT_ID.POP; key = next()) {
					entries.push({ key: node(key), value: node(next()) });
				}
				return { kind: "map", line, entries };
			}
			case EVENT_ID.ALIAS:
				throw new YamlFault(lineOf(event.anchorStart), "has an alias; write it out");
			default:
				throw new YamlFault(lineOf(source.length), "ends too early");
		}
	};
	const refuse = (
		{ anchorStart, tagStart }: { readonly anchorStart: number; readonly tagStart: number },
		start: number,
	) => {
		if (anchorStart >= 0) throw new YamlFault(lineAt(start), "has an anchor; write it out");
		if (tagStart >= 0) throw new YamlFault(lineAt(start), "has a tag; none is known here");
	};

	if (next().type !== EVENT_ID.DOCUMENT) throw new YamlFault(1, "is no YAML document");
	const first = next();
	if (first.type === EVENT_ID.POP) throw new YamlFault(1, "is empty");
	const root = node(first);
	next();
	if (at < events.length) {
		throw new YamlFault(lineOf(source.length), "has a second document; one is read");
	}
	return root;
}

function eventsOf(source: string): readonly Event[] {
	try {
		const events = parseEvents(source, { maxDepth });
		if (events.length === 0) throw new YamlFault(1, "is empty");
		return events;
	} catch (error) {
		if (error instanceof YAMLException) {
			throw new YamlFault((error.mark?.line ?? 0) + 1, `is no YAML: ${error.reason}`, error);
		}
		throw error;
	}
}

/** Finds the line of an offset, from 1. */
function createLineFinder(source: string): (offset: number) => number {
	const starts = [0];
	for (const { index, 0: end } of source.matchAll(/\r\n|\r|\n/g)) starts.push(index + end.length);
	return (offset) => {
		let low = 0;
		let high = starts.length;
		while (low + 1 < high) {
			const middle = (low + high) >>> 1;
			if ((starts[middle] as number) <= offset) low = middle;
			else high = middle;
		}
		return low + 1;
	};
}
