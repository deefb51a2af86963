import { join } from "node:path";
import { type Namespaces, type Payload, seedPayload, writePayload } from "./payload.ts";

/** A payload, and the folder from which servers read it. */
export interface StoredPayload extends Payload {
	readonly folder: string;
}

/** Returns the payload with so many VMs. Default: in few namespaces */
export type FindPayload = (objects: number, namespaces?: Namespaces) => StoredPayload;

/** Makes each payload once in a run. */
export function createPayloadStore(folder: string): FindPayload {
	const made = new Map<string, StoredPayload>();
	return (objects, namespaces = "few") => {
		const name = namespaces === "few" ? `${objects}` : `${objects}-namespaces`;
		let payload = made.get(name);
		if (payload === undefined) {
			payload = { ...seedPayload(objects, namespaces), folder: join(folder, name) };
			writePayload(payload.folder, payload);
			made.set(name, payload);
		}
		return payload;
	};
}
