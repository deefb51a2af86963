import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getOption } from "@bufbuild/protobuf";
import { AccessService } from "@novasphere/wukong-gen/access-service";
import { http } from "@novasphere/wukong-gen/annotations";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";

const source = readFileSync(join(root, "gen/openapi/openapi.json"), "utf8");
const document = JSON.parse(source);

interface Operation {
	readonly operationId: string;
	readonly parameters: readonly {
		readonly name: string;
		readonly in: string;
		readonly style?: string;
	}[];
	readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

const operations: [place: string, operation: Operation][] = Object.entries<
	Record<string, Operation>
>(document.paths).flatMap(([path, item]) =>
	Object.entries(item).map(([verb, operation]): [string, Operation] => [
		`${verb} ${path}`,
		operation,
	]),
);
const operationAt = (place: string) => Object.fromEntries(operations)[place] as Operation;
const schemas = document.components.schemas;

test("a linter has nothing to say about the description", async () => {
	const config = await createConfig({
		extends: ["recommended-strict"],
		rules: {
			// The service is found where its description is.
			"no-server-example.com": "off",
			// Failures of all statuses have one form, under default.
			"operation-4xx-response": "off",
			// A verb stands behind a name: {name}:start and {name}/start are told apart by their ends.
			"no-ambiguous-paths": "off",
			// Authentication comes with the credentials that a port is set up for.
			"security-defined": "off",
		},
	});
	const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
	expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
});

test("each HTTP rule of the contract is one operation, with an id of its own", () => {
	const methods = [...WukongService.methods, ...AccessService.methods];
	const rules = methods.flatMap((method) => {
		const main = getOption(method, http);
		return [main, ...main.additionalBindings].map(
			({ pattern }) => `${pattern.case} ${String(pattern.value).replaceAll("{wukong.", "{")}`,
		);
	});
	expect(operations.map(([place]) => place).sort()).toEqual(rules.sort());
	const ids = operations.map(([, { operationId }]) => operationId);
	expect(new Set(ids).size).toBe(ids.length);
});

describe("parameters", () => {
	test("are all fields that neither path nor body binds, by their JSON names", () => {
		const names = (place: string) =>
			operationAt(place).parameters.map(({ in: where, name }) => `${where} ${name}`);
		expect(names("get /api/v1/wukongs/{name}")).toEqual([
			...["path name", "query namespace", "query minResourceVersion", "header If-None-Match"],
		]);
		expect(names("patch /api/v1/namespaces/{namespace}/wukongs/{name}")).toEqual([
			...["path namespace", "path name", "query updateMask", "query validateOnly"],
			...["query generation", "header If-Match"],
		]);
		expect(names("post /api/v1/wukongs/{name}:start")).toEqual(["path name", "header If-Match"]);
	});

	test("of a map are written as labels[app]=web", () => {
		const labels = operationAt("get /api/v1/wukongs").parameters.find(
			({ name }) => name === "labels",
		);
		expect(labels).toMatchObject({ style: "deepObject", explode: true });
	});
});

describe("schemas", () => {
	test("have the limits of the validation rules", () => {
		expect(schemas.WukongSpec.properties.cpu).toMatchObject({ minimum: 1, maximum: 64 });
		expect(schemas.Disk).toMatchObject({
			required: ["name", "size"],
			properties: { storageClassName: { maxLength: 253 } },
		});
		expect(schemas.Wukong.properties.labels).toMatchObject({
			propertyNames: { maxLength: 317 },
			additionalProperties: { pattern: expect.any(String) },
		});
	});

	test("say what is only read and what is only written", () => {
		expect(schemas.Wukong.properties.uid.readOnly).toBe(true);
		expect(schemas.CloudInitUser.properties.password.writeOnly).toBe(true);
		expect(schemas.WukongSpec.properties.cpu).not.toHaveProperty("readOnly");
	});

	test("have the JSON forms of their types: 64 bits in a string, times as RFC 3339, enums by name", () => {
		expect(schemas.Wukong.properties.generation).toMatchObject({ type: "string", format: "int64" });
		expect(schemas.Wukong.properties.createTime).toMatchObject({ format: "date-time" });
		expect(schemas["WukongStatus.PowerState"].enum).toContain("RUNNING");
		expect(schemas["WukongStatus.PowerState"].enum).not.toContain("POWER_STATE_UNSPECIFIED");
	});

	test("carry the comments of the contract", () => {
		expect(schemas.Disk.properties.boot.description).toBe("The VM boots from this disk.");
	});
});

describe("streams", () => {
	const parameterOf = (place: string, wanted: string) =>
		operationAt(place).parameters.find(({ name }) => name === wanted);

	test("are offered as server-sent events and as lines of JSON, with names or without", () => {
		const place = "get /api/v1/wukongs:watch";
		const { responses } = operationAt(place);
		expect(Object.keys(responses["200"]?.content ?? {})).toEqual([
			...["text/event-stream", "application/x-ndjson"],
		]);
		expect(parameterOf(place, "events")).toMatchObject({
			...{ in: "query", schema: { type: "string", enum: ["message"] } },
		});
	});

	test("answer 204 to a browser that need not come back (HTML Standard, 9.2.3)", () => {
		const watch = operationAt("get /api/v1/wukongs/{name}/stream");
		expect(watch.responses).toHaveProperty("204");
		expect(watch.responses["204"]).not.toHaveProperty("content");
	});

	test("of a list are lines, or one array", () => {
		const place = "get /api/v1/wukongs";
		expect(parameterOf(place, "format")).toMatchObject({
			...{ in: "query", schema: { type: "string", enum: ["array"] } },
		});
		const item = { $ref: "#/components/schemas/Wukong" };
		expect(operationAt(place).responses["200"]?.content).toEqual({
			"application/json": {
				schema: {
					anyOf: [
						{ $ref: "#/components/schemas/ListWukongsResponse" },
						{ type: "array", items: item },
					],
				},
			},
			"application/x-ndjson": {
				schema: { anyOf: [item, { $ref: "#/components/schemas/LastLine" }] },
			},
		});
		expect(schemas.LastLine.required).toEqual(["complete"]);
		expect(parameterOf("get /api/v1/wukongs/{name}", "format")).toBeUndefined();
	});
});
