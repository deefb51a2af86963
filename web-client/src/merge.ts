import { clone, type DescMessage, type Message, type MessageShape } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";

/**
 * A VM after an update, as the service merges it. Without a mask: every field that is set, messages
 * field by field, lists whole, maps key by key. With one: each named field as in `change`, `*` for
 * all; parents of paths are made where they are missing.
 */
export function merged<Desc extends DescMessage>(
	schema: Desc,
	current: MessageShape<Desc>,
	change: MessageShape<Desc>,
	paths: readonly string[],
): MessageShape<Desc> {
	if (paths.includes("*")) return clone(schema, change);
	const next = clone(schema, current);
	if (paths.length === 0) mergeSet(schema, next, change);
	for (const path of paths) mergePath(schema, { next, change, path: path.split(".") });
	return next;
}

function mergeSet(schema: DescMessage, next: Message, change: Message): void {
	const from = reflect(schema, change);
	const to = reflect(schema, next);
	for (const field of from.fields) {
		if (!from.isSet(field)) continue;
		if (field.fieldKind === "message" && to.isSet(field)) {
			mergeSet(field.message, to.get(field).message, from.get(field).message);
		} else if (field.fieldKind === "map") {
			for (const [key, value] of from.get(field)) to.get(field).set(key, value);
		} else to.set(field, from.get(field));
	}
}

function mergePath(
	schema: DescMessage,
	{ next, change, path }: { next: Message; change: Message; path: readonly string[] },
): void {
	const [name, ...rest] = path;
	const field = schema.fields.find((known) => known.name === name);
	if (field === undefined) return;
	const from = reflect(schema, change);
	const to = reflect(schema, next);
	if (rest.length > 0 && field.fieldKind === "map") {
		const key = rest.join(".").replaceAll("`", "");
		const value = from.get(field).get(key);
		if (value === undefined) to.get(field).delete(key);
		else to.get(field).set(key, value);
	} else if (rest.length > 0 && field.fieldKind === "message") {
		if (!to.isSet(field)) to.set(field, reflect(field.message));
		mergePath(field.message, {
			next: to.get(field).message,
			change: from.get(field).message,
			path: rest,
		});
	} else if (from.isSet(field)) to.set(field, from.get(field));
	else to.clear(field);
}
