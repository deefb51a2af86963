import { create, equals } from "@bufbuild/protobuf";
import {
	GetWukongRequestSchema,
	type GetWukongResponse,
	GetWukongResponseSchema,
	ListWukongsRequestSchema,
	ListWukongsResponseSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { decode, encode, type Form } from "../payload/form.ts";
import type { Payload } from "../payload/payload.ts";
import { procedure } from "../payload/procedure.ts";

/** One request that is sent over and over, encoded once, and what its answer must be. */
export interface UnaryCall {
	readonly path: string;
	readonly request: Uint8Array;
	/** Path and query of the same call by REST, a GET. */
	readonly restTarget: string;
	/** Decodes and compares: too dear for each answer. */
	isRight(answer: Uint8Array): boolean;
}

/** Makes a call that fits what the servers hold. */
export type MakeCall = (payload: Payload, form: Form) => UnaryCall;

/** Calls that take turns. */
export type MakeCalls = (payload: Payload, form: Form) => readonly UnaryCall[];

/** One call and no other. */
export const only =
	(make: MakeCall): MakeCalls =>
	(payload, form) => [make(payload, form)];

/** Get of the first VM. */
export const getCall: MakeCall = ({ get }, form) => callFor(get, form);

/** Get of each VM. */
export const eachGetCall: MakeCalls = ({ list }, form) =>
	list.wukongs.map((wukong) => callFor(create(GetWukongResponseSchema, { wukong }), form));

function callFor(answer: GetWukongResponse, form: Form): UnaryCall {
	const { name = "", namespace = "" } = answer.wukong ?? {};
	return {
		path: procedure("GetWukong"),
		restTarget: `/api/v1/namespaces/${namespace}/wukongs/${name}`,
		request: encode(GetWukongRequestSchema, { name, namespace }, form),
		isRight: (bytes) =>
			equals(GetWukongResponseSchema, decode(GetWukongResponseSchema, bytes, form), answer),
	};
}

/** List of all VMs. */
export const listCall: MakeCall = ({ list }, form) => ({
	path: procedure("ListWukongs"),
	request: encode(ListWukongsRequestSchema, {}, form),
	restTarget: "/api/v1/wukongs",
	isRight: (answer) =>
		equals(ListWukongsResponseSchema, decode(ListWukongsResponseSchema, answer, form), list),
});

const pageSize = 100;

/** List of the first page of many VMs. */
export const pageCall: MakeCall = ({ list }, form) => ({
	path: procedure("ListWukongs"),
	request: encode(ListWukongsRequestSchema, { pageSize }, form),
	restTarget: `/api/v1/wukongs?pageSize=${pageSize}`,
	isRight(answer) {
		const page = decode(ListWukongsResponseSchema, answer, form);
		const { nextPageToken } = page;
		const expected = create(ListWukongsResponseSchema, {
			wukongs: list.wukongs.slice(0, pageSize),
			resourceVersion: list.resourceVersion,
			nextPageToken,
		});
		const isLast = list.wukongs.length <= pageSize;
		return isLast === (nextPageToken === "") && equals(ListWukongsResponseSchema, page, expected);
	},
});
