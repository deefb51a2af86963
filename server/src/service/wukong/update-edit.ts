import { clone, create, type DescField } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import {
	CloudInitUserSchema,
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
} from "@novasphere/wukong-gen/wukong";
import { withoutCredentials } from "../../resource/wukong/credentials.ts";
import type { CredentialChange, Edit } from "../../store/store.ts";
import { type MaskPath, updatableFields } from "./update-mask.ts";

/** Holds what an update asks for: the same for each state that it is applied to. */
export interface Update {
	/** New content, as the request gives it. */
	readonly body: Wukong;
	/** Fields to take; undefined: those that are set. */
	readonly mask: readonly MaskPath[] | undefined;
}

type CredentialName = "password" | "passwordHash";

/**
 * Creates the function that applies an update to a state. The result has no credentials: these go
 * beside it, as changes. Nothing is validated here. The function may be called again, as it changes
 * neither the state nor the request.
 */
export function createUpdateEdit({ body, mask }: Update): (current: Wukong) => Edit {
	const content = withoutCredentials(WukongSchema, body);
	const given = (name: CredentialName) => body.spec?.cloudInitUser?.[name] ?? "";
	const credentials = {
		password: credentialChange(CloudInitUserSchema.field.password, given("password"), mask),
		passwordHash: credentialChange(
			CloudInitUserSchema.field.passwordHash,
			given("passwordHash"),
			mask,
		),
	};

	return (current) => {
		const next = copyOf(current);
		// A copy, because parts of it become parts of the result, which is changed below.
		const from = clone(WukongSchema, content);
		if (mask === undefined) mergeSetFields(next, from);
		else applyMask(next, from, mask);

		next.spec ??= create(WukongSpecSchema);
		next.spec.startStrategy ??= create(StartStrategySchema);
		next.spec.startStrategy.autoStart ??= names(mask, StartStrategySchema.field.autoStart)
			? true
			: (current.spec?.startStrategy?.autoStart ?? true);

		if (next.spec.cloudInitUser !== undefined) return { next, ...credentials };
		return { next, password: { action: "clear" }, passwordHash: { action: "clear" } };
	};
}

/** Copies a state for a change of what callers decide; what they do not is shared, frozen as it is. */
function copyOf(current: Wukong): Wukong {
	const { labels, annotations, spec } = current;
	const copy: Wukong = { ...current, labels: { ...labels }, annotations: { ...annotations } };
	if (spec !== undefined) copy.spec = clone(WukongSpecSchema, spec);
	return copy;
}

/** Returns the change of a credential, which is sticky: only being set, or being named itself, changes it. */
function credentialChange(
	field: DescField,
	given: string,
	mask: readonly MaskPath[] | undefined,
): CredentialChange {
	if (given !== "" && covers(mask, field)) return { action: "set", value: given };
	return names(mask, field) ? { action: "clear" } : { action: "keep" };
}

/** Tests whether the mask names this very field. */
function names(mask: readonly MaskPath[] | undefined, field: DescField): boolean {
	return mask?.some(({ fields }) => fields.at(-1) === field) ?? false;
}

/** Tests whether the mask names the credential or a parent of it; without a mask all that is set counts. */
function covers(mask: readonly MaskPath[] | undefined, field: DescField): boolean {
	if (mask === undefined) return true;
	const { spec } = WukongSchema.field;
	const chain = [spec, WukongSpecSchema.field.cloudInitUser, field];
	return mask.some(({ fields }) => fields.every((part, index) => part === chain[index]));
}

/**
 * Merges what is set in `body` into `target` and clears nothing: an update without a mask.
 * Scalars that are set, optional ones that are present and non-empty lists are replaced,
 * messages are merged field by field, maps key by key.
 * @param target is changed; may share parts of `body` afterwards
 */
function mergeSetFields(target: Wukong, body: Wukong): void {
	mergeFields(reflect(WukongSchema, target), reflect(WukongSchema, body), updatableFields);
}

/**
 * Applies an update with a mask: afterwards each named field of `target` equals that of `body`; what is
 * unset in `body` is cleared.
 * @param target is changed; may share parts of `body` afterwards
 */
function applyMask(target: Wukong, body: Wukong, paths: readonly MaskPath[]): void {
	for (const path of paths) {
		applyPath(reflect(WukongSchema, target), reflect(WukongSchema, body), path);
	}
}

function mergeFields(
	target: ReflectMessage,
	body: ReflectMessage,
	fields: readonly DescField[] = body.fields,
): void {
	for (const field of fields) {
		if (!body.isSet(field)) continue;
		if (field.fieldKind === "message" && target.isSet(field)) {
			mergeFields(target.get(field), body.get(field));
		} else if (field.fieldKind === "map") {
			const map = target.get(field);
			for (const [key, value] of body.get(field)) map.set(key, value);
		} else {
			target.set(field, body.get(field));
		}
	}
}

function applyPath(target: ReflectMessage, body: ReflectMessage, path: MaskPath): void {
	const parents = path.fields.slice(0, -1);
	const field = path.fields[path.fields.length - 1] as DescField;
	let into = target;
	let from: ReflectMessage | undefined = body;
	for (const parent of parents) {
		if (parent.fieldKind !== "message") return;
		from = from?.isSet(parent) ? from.get(parent) : undefined;
		if (!into.isSet(parent)) {
			// There is nothing to clear below a message that is unset.
			if (from === undefined) return;
			into.set(parent, into.get(parent));
		}
		into = into.get(parent);
	}
	if (path.mapKey !== undefined && field.fieldKind === "map") {
		const value = from?.get(field).get(path.mapKey);
		if (value === undefined) into.get(field).delete(path.mapKey);
		else into.get(field).set(path.mapKey, value);
	} else if (from?.isSet(field)) {
		into.set(field, from.get(field));
	} else {
		into.clear(field);
	}
}
