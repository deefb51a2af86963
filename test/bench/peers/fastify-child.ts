// Fastify with its logger (two lines for each call), and schemas of request and answer, from which
// it compiles a checker and a serializer.

import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
} from "@novasphere/wukong-gen/wukong-service";
import fastify from "fastify";
import { readPayload } from "../payload/payload.ts";
import { procedure } from "../payload/procedure.ts";
import { jsonSchemaOf } from "./json-schema.ts";

interface Reference {
	readonly namespace: string;
	readonly name: string;
}

const { list } = readPayload(process.argv[2] ?? "");
const plain = <D extends DescMessage>(schema: D, message: MessageShape<D>) =>
	toJson(schema, message);
const plainList = plain(ListWukongsResponseSchema, list);
const byReference = new Map(
	list.wukongs.map((wukong) => [
		`${wukong.namespace}/${wukong.name}`,
		plain(GetWukongResponseSchema, {
			$typeName: GetWukongResponseSchema.typeName,
			wukong,
		} as MessageShape<typeof GetWukongResponseSchema>),
	]),
);

const app = fastify({ logger: { file: "/dev/stderr" } });
app.post<{ Body: Reference }>(
	procedure("GetWukong"),
	{
		schema: {
			body: {
				type: "object",
				required: ["namespace", "name"],
				properties: {
					namespace: { type: "string", maxLength: 63 },
					name: { type: "string", minLength: 1, maxLength: 253 },
				},
			},
			response: { 200: jsonSchemaOf(GetWukongResponseSchema) },
		},
	},
	async ({ body }, reply) => {
		const answer = byReference.get(`${body.namespace}/${body.name}`);
		return answer ?? reply.code(404).send();
	},
);
app.post(
	procedure("ListWukongs"),
	{
		schema: {
			body: { type: "object" },
			response: { 200: jsonSchemaOf(ListWukongsResponseSchema) },
		},
	},
	async () => plainList,
);

const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`http1 ${url}\nhttp2 ${url}\n`);
