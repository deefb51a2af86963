import {
	GetWukongRequestSchema,
	GetWukongResponseSchema,
	ListWukongsRequestSchema,
	ListWukongsResponseSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { decode, encode, type Form } from "./form.ts";
import { isSameWukong, type Payload } from "./payload.ts";
import { procedure } from "./procedure.ts";

/** One request that is sent over and over, encoded once, and what its answer must be. */
export interface UnaryCall {
	readonly path: string;
	readonly request: Uint8Array;
	/** Decodes and compares: too dear for each answer. */
	isRight(answer: Uint8Array): boolean;
}

/** Get of the first VM. */
export function getCall(payload: Payload, form: Form): UnaryCall {
	const { wukong } = payload.get;
	const request = { name: wukong?.name ?? "", namespace: wukong?.namespace ?? "" };
	return {
		path: procedure("GetWukong"),
		request: encode(GetWukongRequestSchema, request, form),
		isRight: (answer) => isSameWukong(decode(GetWukongResponseSchema, answer, form).wukong, wukong),
	};
}

/** List of all VMs. */
export function listCall({ list }: Payload, form: Form): UnaryCall {
	return {
		path: procedure("ListWukongs"),
		request: encode(ListWukongsRequestSchema, {}, form),
		isRight(answer) {
			const { wukongs, nextPageToken } = decode(ListWukongsResponseSchema, answer, form);
			return (
				nextPageToken === "" &&
				wukongs.length === list.wukongs.length &&
				wukongs.every((wukong, place) => isSameWukong(wukong, list.wukongs[place]))
			);
		},
	};
}
