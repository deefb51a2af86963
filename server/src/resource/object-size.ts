/**
 * Returns about how many bytes of heap a value takes with all that is in it, rather more than less.
 * Measured with V8 on 64 bits; a VM of 700 bytes in binary form takes five times as much.
 */
export function heapBytes(value: unknown): number {
	switch (typeof value) {
		case "string":
			// As many bytes as UTF-8 has: V8 takes one a character, or two where one is beyond Latin-1.
			return stringBytes + Buffer.byteLength(value);
		case "number":
			return numberBytes;
		case "bigint":
			return bigintBytes;
		case "object":
			return value === null ? 0 : objectBytes(value);
		default:
			return 0;
	}
}

/** Header of a string. */
const stringBytes = 16;

/** One beyond 31 bits has an object of its own. */
const numberBytes = 8;

const bigintBytes = 24;

/** Header, hidden class, properties and elements. */
const headerBytes = 40;

/** A field of a message, or an item of an array. */
const slotBytes = 8;

/** An entry of a map: key, value and details in a hash table with room to grow. */
const entryBytes = 48;

function objectBytes(value: object): number {
	if (value instanceof Uint8Array) return 4 * headerBytes + value.byteLength;
	let bytes = headerBytes;
	if (Array.isArray(value)) {
		for (const item of value) bytes += slotBytes + heapBytes(item);
		return bytes;
	}
	const isMap = !("$typeName" in value);
	for (const name in value) {
		bytes += heapBytes(value[name as keyof typeof value]);
		bytes += isMap ? entryBytes + heapBytes(name) : slotBytes;
	}
	return bytes;
}

/** The longest varint, or a double, and its tag. */
const varintBytes = 11;

/** Returns the bytes of a field with tag and length (protobuf.dev, "Encoding"). */
function lengthDelimited(bytes: number): number {
	return bytes + (bytes < 128 ? 2 : 5);
}

/** Returns an upper bound of the bytes of a field with this value. */
function fieldBytes(value: unknown): number {
	switch (typeof value) {
		case "string":
			// Empty ones count: in an entry of a map they are written, too.
			return lengthDelimited(Buffer.byteLength(value));
		case "number":
		case "bigint":
			return value === 0 || value === 0n ? 2 : varintBytes;
		case "boolean":
			return 2;
		case "object":
			return value === null ? 0 : nestedBytes(value);
		default:
			return 0;
	}
}

function nestedBytes(value: object): number {
	if (value instanceof Uint8Array) return lengthDelimited(value.byteLength);
	if ("$typeName" in value) return lengthDelimited(binaryBytes(value));
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

/**
 * Returns an upper bound of the bytes that a message takes in binary form; for a usual one a quarter
 * more than it takes at most. To encode it for this takes five times as long.
 */
export function binaryBytes(message: object): number {
	let bytes = 0;
	for (const name in message) {
		if (name !== "$typeName") bytes += fieldBytes(message[name as keyof typeof message]);
	}
	return bytes;
}
