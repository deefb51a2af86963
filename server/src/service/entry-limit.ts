import type { ReflectMessage } from "@bufbuild/protobuf/reflect";

/**
 * The most entries that all lists and maps of one request may hold together. Each one is judged
 * by its field rules, which costs microseconds; an empty one takes two bytes, so that a message
 * within its size limit could hold a million, and hold up every other call for seconds.
 */
export const maxRequestEntries = 2_000;

/**
 * The path of the list or map at which a message passes the limit; undefined where it keeps it.
 * Costs no more than the limit itself.
 * @param budget what is left of the limit; is used up
 */
export function overfullField(
	message: ReflectMessage,
	budget: { left: number } = { left: maxRequestEntries },
): string | undefined {
	for (const field of message.fields) {
		if (!message.isSet(field)) continue;
		if (field.fieldKind === "message") {
			const below = overfullField(message.get(field), budget);
			if (below !== undefined) return `${field.name}.${below}`;
		}
		// Maps of the contract hold no messages.
		if (field.fieldKind !== "list" && field.fieldKind !== "map") continue;
		budget.left -= message.get(field).size;
		if (budget.left < 0) return field.name;
		if (field.fieldKind !== "list" || field.listKind !== "message") continue;
		let index = 0;
		for (const entry of message.get(field)) {
			const below = overfullField(entry as ReflectMessage, budget);
			if (below !== undefined) return `${field.name}[${index}].${below}`;
			index++;
		}
	}
	return undefined;
}
