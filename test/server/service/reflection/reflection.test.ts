import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { create, createFileRegistry, fromBinary, getOption } from "@bufbuild/protobuf";
import {
	type FileDescriptorProto,
	FileDescriptorProtoSchema,
	FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { http } from "@novasphere/wukong-gen/annotations";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { ServerReflection } from "@novasphere/wukong-gen/reflection";
import { ServerReflection as ServerReflectionV1Alpha } from "@novasphere/wukong-gen/reflection-v1alpha";
import { afterEach, describe, expect, test } from "vitest";
import { root } from "../../../../scripts/source-files.ts";
import { createApp } from "../../../../server/src/app/app.ts";
import { parseConfig } from "../../../../server/src/config/config.ts";

const apps: ReturnType<typeof createApp>[] = [];

async function start(...flags: string[]) {
	const parsed = parseConfig(["--port=0", "--data=:memory:", "--seed=1", ...flags], {});
	if (parsed.kind !== "config") expect.fail(JSON.stringify(parsed));
	const app = createApp(parsed.config);
	apps.push(app);
	const { url } = await app.listen();
	return { app, url, transport: createGrpcTransport({ baseUrl: url }) };
}

afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.close(0)));
});

type Asked = NonNullable<Parameters<typeof request>[0]>;

function request(messageRequest: {
	readonly case:
		| "listServices"
		| "fileByFilename"
		| "fileContainingSymbol"
		| "allExtensionNumbersOfType";
	readonly value: string;
}) {
	return { host: "any", messageRequest };
}

/** Files, each behind what it imports; fails where something is missing. */
function inOrder(known: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
	const ordered = new Set<FileDescriptorProto>();
	const add = (name: string) => {
		const file = known.get(name);
		if (file === undefined) expect.fail(`${name} was not sent`);
		file.dependency.forEach(add);
		ordered.add(file);
	};
	for (const name of known.keys()) add(name);
	return [...ordered];
}

async function* each<T>(values: readonly T[]) {
	yield* values;
}

const versions = {
	v1: ServerReflection,
	v1alpha: ServerReflectionV1Alpha,
};

describe.each(Object.entries(versions))(
	"reflection %s (grpc/doc/server-reflection.md)",
	(_, service) => {
		async function ask(transport: Parameters<typeof createClient>[1], ...asked: Asked[]) {
			const client = createClient(service as typeof ServerReflection, transport);
			const answers = [];
			for await (const answer of client.serverReflectionInfo(each(asked.map(request)))) {
				expect(answer.validHost).toBe("any");
				expect(answer.originalRequest?.messageRequest).toEqual(asked[answers.length]);
				answers.push(answer.messageResponse);
			}
			return answers;
		}

		test("names every service, itself among them", async () => {
			const { transport } = await start();
			const [answer] = await ask(transport, { case: "listServices", value: "" });
			if (answer?.case !== "listServicesResponse") expect.fail(answer?.case);
			expect(answer.value.service.map(({ name }) => name)).toEqual([
				"grpc.health.v1.Health",
				"grpc.reflection.v1.ServerReflection",
				"grpc.reflection.v1alpha.ServerReflection",
				"novasphere.v1.AccessService",
				"novasphere.v1.WukongService",
			]);
		});

		test.each([
			["a service", "novasphere.v1.WukongService", "novasphere/v1/wukong_service.proto"],
			["a method", "novasphere.v1.WukongService.GetWukong", "novasphere/v1/wukong_service.proto"],
			["a message", "novasphere.v1.Wukong", "novasphere/v1/wukong.proto"],
			["a nested enum", "novasphere.v1.WukongEvent.Type", "novasphere/v1/wukong_service.proto"],
			[
				"a value of it, beside the enum",
				"novasphere.v1.WukongEvent.ADDED",
				"novasphere/v1/wukong_service.proto",
			],
			["a field", "novasphere.v1.Disk.size", "novasphere/v1/wukong.proto"],
			["a oneof", "google.api.HttpRule.pattern", "google/api/http.proto"],
			["an extension", "google.api.http", "google/api/annotations.proto"],
			["a well-known type", "google.protobuf.Timestamp", "google/protobuf/timestamp.proto"],
		])("finds the file of %s", async (_kind, value, file) => {
			const { transport } = await start();
			const [answer] = await ask(transport, { case: "fileContainingSymbol", value });
			if (answer?.case !== "fileDescriptorResponse") expect.fail(answer?.case);
			const [first] = answer.value.fileDescriptorProto;
			expect(fromBinary(FileDescriptorProtoSchema, first as Uint8Array).name).toBe(file);
		});

		test("sends a file with all that it imports, whole: HTTP rules are among it; and again without", async () => {
			const { transport } = await start();
			const asked = {
				case: "fileByFilename",
				value: "novasphere/v1/wukong_service.proto",
			} as const;
			const [all, again] = await ask(transport, asked, asked);
			if (all?.case !== "fileDescriptorResponse") expect.fail(all?.case);
			const files = all.value.fileDescriptorProto.map((bytes) =>
				fromBinary(FileDescriptorProtoSchema, bytes),
			);
			const known = new Map(files.map((file) => [file.name, file]));
			expect(known.size).toBe(files.length);
			const registry = createFileRegistry(
				create(FileDescriptorSetSchema, { file: inOrder(known) }),
			);
			const method = registry.getService("novasphere.v1.WukongService")?.method.getWukong;
			if (method === undefined) expect.fail("no GetWukong");
			expect(getOption(method, http).pattern.value).toBe("/api/v1/wukongs/{name}");
			if (again?.case !== "fileDescriptorResponse") expect.fail(again?.case);
			expect(again.value.fileDescriptorProto).toEqual(all.value.fileDescriptorProto.slice(0, 1));
		});

		test("lists the extensions of a message, and finds one by its number", async () => {
			const { transport } = await start();
			const value = "google.protobuf.MethodOptions";
			const [numbers, none] = await ask(
				transport,
				{ case: "allExtensionNumbersOfType", value },
				{ case: "allExtensionNumbersOfType", value: "novasphere.v1.Wukong" },
			);
			expect(numbers?.value).toMatchObject({ baseTypeName: value, extensionNumber: [72295728] });
			expect(none?.value).toMatchObject({ extensionNumber: [] });
			const client = createClient(service as typeof ServerReflection, transport);
			const wanted = { containingType: value, extensionNumber: 72295728 };
			const messageRequest = { case: "fileContainingExtension", value: wanted } as const;
			for await (const { messageResponse } of client.serverReflectionInfo(
				each([{ messageRequest }]),
			)) {
				expect(messageResponse.case).toBe("fileDescriptorResponse");
			}
		});

		test.each([
			["fileByFilename", "novasphere/v1/other.proto"],
			["fileByFilename", ""],
			["fileByFilename", "../../etc/passwd"],
			["fileContainingSymbol", "novasphere.v1.Other"],
			["fileContainingSymbol", ""],
			["fileContainingSymbol", "__proto__"],
			["fileContainingSymbol", "x".repeat(60_000)],
			["allExtensionNumbersOfType", "novasphere.v1.Other"],
			["allExtensionNumbersOfType", "constructor"],
		] as const)("answers what is unknown (%s) with NOT_FOUND, and goes on", async (kind, value) => {
			const { transport } = await start();
			const [answer, next] = await ask(
				transport,
				{ case: kind, value },
				{ case: "listServices", value: "*" },
			);
			expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode: Code.NotFound } });
			expect(next?.case).toBe("listServicesResponse");
		});

		test("refuses a request that asks nothing with INVALID_ARGUMENT", async () => {
			const { transport } = await start();
			const client = createClient(service as typeof ServerReflection, transport);
			const stream = client.serverReflectionInfo(each([{ host: "any" }]));
			const error = ConnectError.from(
				await stream[Symbol.asyncIterator]()
					.next()
					.then(
						() => expect.fail("it did not fail"),
						(error: unknown) => error,
					),
			);
			expect(error.code).toBe(Code.InvalidArgument);
			expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("INVALID_REQUEST");
		});
	},
);

/** A stream of requests that stays open. */
function openEnded() {
	const gate = Promise.withResolvers<void>();
	async function* requests() {
		yield request({ case: "listServices", value: "" });
		await gate.promise;
	}
	return { requests: requests(), end: gate.resolve };
}

test("reflection streams are bounded: the 101st is TOO_MANY_REQUESTS, and there is room when one ends", async () => {
	const { transport } = await start();
	const client = createClient(ServerReflection, transport);
	const open = [];
	for (let count = 0; count < 100; count++) {
		const { requests, end } = openEnded();
		const stream = client.serverReflectionInfo(requests)[Symbol.asyncIterator]();
		expect((await stream.next()).done).toBe(false);
		open.push({ stream, end });
	}
	const once = () =>
		client
			.serverReflectionInfo(each([request({ case: "listServices", value: "" })]))
			[Symbol.asyncIterator]()
			.next();
	const error = ConnectError.from(
		await once().then(
			() => expect.fail("it did not fail"),
			(error: unknown) => error,
		),
	);
	expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("TOO_MANY_REQUESTS");
	for (const { stream, end } of open) {
		end();
		expect((await stream.next()).done).toBe(true);
	}
	expect((await once()).done).toBe(false);
});

test("a reflection stream that is silent ends with SHUTTING_DOWN, and holds nothing up", async () => {
	const { app, transport } = await start("--shutdown-grace-ms=60000");
	const { requests, end } = openEnded();
	const stream = createClient(ServerReflection, transport).serverReflectionInfo(requests);
	const iterator = stream[Symbol.asyncIterator]();
	await iterator.next();
	const closed = app.close();
	const error = ConnectError.from(
		await iterator.next().then(
			() => expect.fail("it did not fail"),
			(error: unknown) => error,
		),
	);
	expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("SHUTTING_DOWN");
	end();
	await closed;
});

test("reflection that is switched off is an unknown procedure", async () => {
	const { transport } = await start("--disable-reflection");
	for (const service of Object.values(versions)) {
		const client = createClient(service as typeof ServerReflection, transport);
		const stream = client.serverReflectionInfo(each([]))[Symbol.asyncIterator]();
		const error = ConnectError.from(
			await stream.next().then(
				() => expect.fail("it did not fail"),
				(error: unknown) => error,
			),
		);
		expect(error.code).toBe(Code.Unimplemented);
	}
});

test("`buf curl` needs no proto file", async () => {
	const { url } = await start();
	const curl = async (...args: string[]) => {
		const run = promisify(execFile)("buf", ["curl", "--http2-prior-knowledge", ...args], {
			cwd: root,
		});
		return (await run).stdout;
	};
	expect(await curl("--list-services", url)).toContain("novasphere.v1.WukongService\n");
	const answer = await curl(
		"--protocol=grpc",
		"-d",
		'{"name":"vm-0"}',
		`${url}/novasphere.v1.WukongService/GetWukong`,
	);
	expect(JSON.parse(answer)).toMatchObject({ wukong: { name: "vm-0" } });
	const health = await curl("--protocol=grpc", "-d", "{}", `${url}/grpc.health.v1.Health/Check`);
	expect(JSON.parse(health)).toEqual({ status: "SERVING" });
});
