/** Wire types of the protobuf encoding that rows write by hand. */
export const wireTypes = { varint: 0, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** A varint in as few bytes as it takes; a negative number as 64-bit two's complement. */
export function varint(value: number | bigint): Buffer {
	const bytes: number[] = [];
	let rest = BigInt.asUintN(64, BigInt(value));
	for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
	bytes.push(Number(rest));
	return Buffer.from(bytes);
}

/** A field's tag. */
export function tag(field: number, wireType: number): Buffer {
	return varint((BigInt(field) << 3n) | BigInt(wireType));
}

/** A field with a number. */
export function numberField(field: number, value: number | bigint): Buffer {
	return Buffer.concat([tag(field, wireTypes.varint), varint(value)]);
}

/** A field with a string, bytes or a message. */
export function bytesField(field: number, ...parts: readonly (string | Uint8Array)[]): Buffer {
	const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
	return Buffer.concat([tag(field, wireTypes.bytes), varint(content.byteLength), content]);
}

/** A message in an envelope (gRPC's and Connect's, five bytes before each message). */
export function envelope(message: string | Uint8Array, flags = 0): Buffer {
	const content = Buffer.from(message as string);
	return Buffer.concat([envelopePrefix(flags, content.byteLength), content]);
}

/** The five bytes before a message. */
export function envelopePrefix(flags: number, lengthBytes: number): Buffer {
	const prefix = Buffer.alloc(5);
	prefix.writeUInt8(flags);
	prefix.writeUInt32BE(lengthBytes, 1);
	return prefix;
}
