import type { DescFile, DescMessage, FileRegistry } from "@bufbuild/protobuf";
import { examples } from "./examples.ts";
import { operationsOf } from "./operations.ts";
import { createSchemaWriter, type Schema } from "./schema.ts";

/**
 * Creates the OpenAPI 3.1 document of all services that have HTTP rules.
 * @param contract files with source info, for their comments
 */
export function createDocument(contract: FileRegistry): Schema {
	const schemas = createSchemaWriter();
	const status = contract.getMessage("novasphere.v1.Status") as DescMessage;
	const failure = {
		description:
			"The call failed. details holds google.rpc.ErrorInfo, and where it helps google.rpc.BadRequest or google.rpc.RetryInfo.",
		headers: { "Retry-After": { $ref: "#/components/headers/RetryAfter" } },
		content: { "application/json": { schema: schemas.messageRef(status) } },
	};
	const lastLine = {
		type: "object",
		description:
			"The last line of NDJSON, which alone has complete: where it is false the stream has ended with the status; where there is no such line it was cut off.",
		required: ["complete"],
		properties: {
			complete: { type: "boolean" },
			status: schemas.messageRef(status),
			resourceVersion: {
				type: "string",
				description: "Of a list: the version of its snapshot, from which a watch goes on.",
			},
		},
	};
	const paths: Record<string, Record<string, Schema>> = {};
	for (const service of [...contract.files].flatMap((file: DescFile) => file.services)) {
		for (const method of service.methods) {
			for (const { path, verb, operation } of operationsOf(method, schemas, examples)) {
				paths[path] ??= {};
				const item = paths[path];
				if (verb in item) throw new Error(`two rules take ${verb} ${path}`);
				item[verb] = operation;
			}
		}
	}
	return {
		openapi: "3.1.0",
		info: {
			title: "Wukong virtual machines",
			version: "v1",
			description:
				"Reads, changes and watches Wukong virtual machines. The same calls are served as gRPC, gRPC-Web and Connect on this port.",
			license: { name: "Apache-2.0", identifier: "Apache-2.0" },
		},
		servers: [{ url: "/" }],
		paths,
		components: {
			schemas: Object.fromEntries(
				Object.entries({ ...schemas.components, LastLine: lastLine }).sort(([a], [b]) =>
					a < b ? -1 : 1,
				),
			),
			responses: { Failure: failure },
			headers: {
				ETag: { description: "Entity tag of the answer.", schema: { type: "string" } },
				Location: { description: "Path of what was created.", schema: { type: "string" } },
				RetryAfter: {
					description: "Seconds after which it is worth trying again.",
					schema: { type: "integer" },
				},
			},
		},
	};
}
