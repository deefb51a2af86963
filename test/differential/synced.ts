import { WukongEvent_Type as EventType } from "@novasphere/wukong-gen/wukong-service";
import { numberField } from "../hostile/wire-bytes.ts";

const inBinary = numberField(1, EventType.SYNCED);
const inJson = Buffer.from('"type":"SYNCED"');

/** A watch has said SYNCED: it goes on, but says nothing more for as long as nothing is written. */
export function saysSynced(body: Buffer): boolean {
	for (let at = 0; at + 5 <= body.byteLength; ) {
		const end = at + 5 + body.readUInt32BE(at + 1);
		const message = body.subarray(at + 5, end);
		const isWhole = end <= body.byteLength;
		const isSynced = message.includes(inJson) || message.subarray(0, 2).equals(inBinary);
		if (isWhole && isSynced) return true;
		at = end;
	}
	return false;
}
