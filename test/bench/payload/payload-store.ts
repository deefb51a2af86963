import { join } from "node:path";
import { type Payload, seedPayload, writePayload } from "./payload.ts";

/** A payload, and the folder from which servers read it. */
export interface StoredPayload extends Payload {
	readonly folder: string;
}

/** Makes each size of payload once in a run. @returns the payload with so many VMs */
export function createPayloadStore(folder: string): (objects: number) => StoredPayload {
	const made = new Map<number, StoredPayload>();
	return (objects) => {
		let payload = made.get(objects);
		if (payload === undefined) {
			payload = { ...seedPayload(objects), folder: join(folder, `${objects}`) };
			writePayload(payload.folder, payload);
			made.set(objects, payload);
		}
		return payload;
	};
}
