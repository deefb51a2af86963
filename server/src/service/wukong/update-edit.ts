import { clone, create, type DescField } from "@bufbuild/protobuf";
import {
	CloudInitUserSchema,
	StartStrategySchema,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
} from "@novasphere/wukong-gen/wukong";
import { withoutCredentials } from "../../resource/wukong/credentials.ts";
import type { CredentialChange, Edit } from "../../store/store.ts";
import { applyMask, mergeSetFields } from "./merge.ts";
import type { MaskPath } from "./update-mask.ts";

/** What an update asks for, read once; the same for each state that it is applied to. */
export interface Update {
	/** New content, as the request gives it. */
	readonly body: Wukong;
	/** Fields to take; undefined: those that are set. */
	readonly mask: readonly MaskPath[] | undefined;
}

type CredentialName = "password" | "passwordHash";

/**
 * Makes the function that applies an update to a state. The result has no credentials, these go
 * as changes beside it. Nothing is judged here. The function may be called again: it changes
 * neither the state nor the request.
 */
export function createUpdateEdit({ body, mask }: Update): (current: Wukong) => Edit {
	const content = withoutCredentials(WukongSchema, body);
	const given = (name: CredentialName) => body.spec?.cloudInitUser?.[name] ?? "";
	const wishes = {
		password: credentialWish(CloudInitUserSchema.field.password, given("password"), mask),
		passwordHash: credentialWish(
			CloudInitUserSchema.field.passwordHash,
			given("passwordHash"),
			mask,
		),
	};

	return (current) => {
		const next = clone(WukongSchema, current);
		// A copy, because what is taken from it is changed below.
		const from = clone(WukongSchema, content);
		if (mask === undefined) mergeSetFields(next, from);
		else applyMask(next, from, mask);

		next.spec ??= create(WukongSpecSchema);
		next.spec.startStrategy ??= create(StartStrategySchema);
		next.spec.startStrategy.autoStart ??= names(mask, StartStrategySchema.field.autoStart)
			? true
			: (current.spec?.startStrategy?.autoStart ?? true);

		if (next.spec.cloudInitUser !== undefined) return { next, ...wishes };
		return { next, password: { action: "clear" }, passwordHash: { action: "clear" } };
	};
}

/** A credential is sticky: only being set, or being named itself, changes it. */
function credentialWish(
	field: DescField,
	given: string,
	mask: readonly MaskPath[] | undefined,
): CredentialChange {
	if (given !== "" && covers(mask, field)) return { action: "set", value: given };
	return names(mask, field) ? { action: "clear" } : { action: "keep" };
}

/** The mask names this very field. */
function names(mask: readonly MaskPath[] | undefined, field: DescField): boolean {
	return mask?.some(({ fields }) => fields.at(-1) === field) ?? false;
}

/** The mask names the credential or a parent of it; without a mask all that is set counts. */
function covers(mask: readonly MaskPath[] | undefined, field: DescField): boolean {
	if (mask === undefined) return true;
	const { spec } = WukongSchema.field;
	const chain = [spec, WukongSpecSchema.field.cloudInitUser, field];
	return mask.some(({ fields }) => fields.every((part, index) => part === chain[index]));
}
