import type { Wukong } from "@novasphere/wukong-gen/wukong";

/**
 * Makes a function that says the bytes of a VM in binary form: not less, and for a usual one a
 * quarter more at most. Reckoned once for each state: to encode it for this takes five times as
 * long, and many states are never read in this form.
 */
export function createSizes(): (wukong: Wukong) => number {
	const sizes = new WeakMap<Wukong, number>();
	return (wukong) => {
		let size = sizes.get(wukong);
		if (size === undefined) {
			size = messageBytes(wukong);
			sizes.set(wukong, size);
		}
		return size;
	};
}

/** The longest varint, or a double, and its tag. */
const numberBytes = 11;

/** With tag and length (protobuf.dev, "Encoding"). */
function lengthDelimited(bytes: number): number {
	return bytes + (bytes < 128 ? 2 : 5);
}

/** At most as many bytes as a field with this value takes. */
function fieldBytes(value: unknown): number {
	switch (typeof value) {
		case "string":
			// Empty ones count: in an entry of a map they are written, too.
			return lengthDelimited(Buffer.byteLength(value));
		case "number":
		case "bigint":
			return value === 0 || value === 0n ? 2 : numberBytes;
		case "boolean":
			return 2;
		case "object":
			return value === null ? 0 : objectBytes(value);
		default:
			return 0;
	}
}

function objectBytes(value: object): number {
	if (value instanceof Uint8Array) return lengthDelimited(value.byteLength);
	if ("$typeName" in value) return lengthDelimited(messageBytes(value));
	let bytes = 0;
	if (Array.isArray(value)) {
		for (const item of value) bytes += fieldBytes(item);
		return bytes;
	}
	// An entry of a map is a message of its key and its value.
	for (const [key, item] of Object.entries(value)) {
		bytes += lengthDelimited(lengthDelimited(Buffer.byteLength(key)) + fieldBytes(item));
	}
	return bytes;
}

function messageBytes(message: object): number {
	let bytes = 0;
	for (const name in message) {
		if (name !== "$typeName") bytes += fieldBytes(message[name as keyof typeof message]);
	}
	return bytes;
}
