import {
	clearField,
	type DescField,
	type DescMessage,
	isFieldSet,
	type Message,
	type MessageShape,
} from "@bufbuild/protobuf";

/** The fields of one message type that hold credentials, or may hold them somewhere below. */
interface Plan {
	/** Fields with the `debug_redact` option. */
	readonly secrets: readonly DescField[];
	/** Fields with messages that may hold a credential somewhere below. */
	readonly below: readonly { readonly field: DescField; readonly message: DescMessage }[];
}

const plans = new WeakMap<DescMessage, Plan>();

/**
 * Removes the write-only fields of a message: those with the option `debug_redact`,
 * wherever they are. Never changes `message`. The result shares all parts that held
 * no credential; where nothing held one, it is `message` itself.
 */
export function withoutCredentials<Desc extends DescMessage>(
	schema: Desc,
	message: MessageShape<Desc>,
): MessageShape<Desc> {
	return strip(planOf(schema), message) as MessageShape<Desc>;
}

type Fields = Message & Record<string, unknown>;

function strip(plan: Plan, message: Message): Message {
	let result = message as Fields;
	const copy = (): Fields => {
		if (result === message) {
			result = Object.assign(Object.create(Object.getPrototypeOf(message)), message);
		}
		return result;
	};
	for (const field of plan.secrets) {
		if (isFieldSet(result, field)) clearField(copy(), field);
	}
	for (const { field, message: schema } of plan.below) {
		const value = result[field.localName];
		const stripped = stripValue(field, planOf(schema), value);
		if (stripped !== value) copy()[field.localName] = stripped;
	}
	return result;
}

function stripValue(field: DescField, plan: Plan, value: unknown): unknown {
	if (value === undefined) return undefined;
	if (field.fieldKind === "list") {
		const list = value as Message[];
		const stripped = list.map((item) => strip(plan, item));
		return stripped.some((item, index) => item !== list[index]) ? stripped : list;
	}
	if (field.fieldKind === "map") {
		const entries = Object.entries(value as Record<string, Message>);
		const stripped = entries.map(([key, item]) => [key, strip(plan, item)] as const);
		const same = stripped.every(([, item], index) => item === entries[index]?.[1]);
		return same ? value : Object.fromEntries(stripped);
	}
	return strip(plan, value as Message);
}

function planOf(schema: DescMessage): Plan {
	let plan = plans.get(schema);
	if (plan === undefined) {
		plan = { secrets: schema.fields.filter(isSecret), below: schema.fields.flatMap(below) };
		plans.set(schema, plan);
	}
	return plan;
}

function below(field: DescField): Plan["below"] {
	const message = messageOf(field);
	if (message === undefined || isSecret(field) || !holdsSecret(message, new Set())) return [];
	// A member of a oneof is not a property of its own. Better no answer than a leak.
	if (field.oneof !== undefined) throw new Error(`${field} must not hold credentials in a oneof`);
	return [{ field, message }];
}

function isSecret(field: DescField): boolean {
	return field.proto.options?.debugRedact === true;
}

function messageOf(field: DescField): DescMessage | undefined {
	return field.fieldKind === "message" || field.fieldKind === "list" || field.fieldKind === "map"
		? field.message
		: undefined;
}

/** @param seen types under inspection; a type may contain itself. */
function holdsSecret(schema: DescMessage, seen: Set<DescMessage>): boolean {
	if (seen.has(schema)) return false;
	seen.add(schema);
	return schema.fields.some((field) => {
		const message = messageOf(field);
		return isSecret(field) || (message !== undefined && holdsSecret(message, seen));
	});
}
