import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningApp, startApp } from "../support/running-app.ts";
import { conformanceTools } from "./programs.ts";

let app: RunningApp;
beforeAll(async () => {
	app = await startApp("--seed=1");
});
afterAll(() => app.close());

async function grpcurl(...args: string[]): Promise<string> {
	const program = join(conformanceTools.binFolder, "grpcurl");
	const address = new URL(app.url).host;
	const at = args.findIndex((arg) => !arg.startsWith("-") && !arg.startsWith("{"));
	const all = ["-plaintext", ...args.slice(0, at), address, ...args.slice(at)];
	return (await promisify(execFile)(program, all)).stdout;
}

const service = "novasphere.v1.WukongService";

test("grpcurl needs no proto file: it lists, describes and calls by reflection", async () => {
	expect((await grpcurl("list")).trim().split("\n")).toEqual([
		"grpc.health.v1.Health",
		"grpc.reflection.v1.ServerReflection",
		"grpc.reflection.v1alpha.ServerReflection",
		"novasphere.v1.AccessService",
		service,
	]);
	expect(await grpcurl("list", service)).toContain(`${service}.WatchWukong\n`);
	const described = await grpcurl("describe", `${service}.GetWukong`);
	expect(described).toContain('get: "/api/v1/wukongs/{name}"');
	expect(await grpcurl("describe", "novasphere.v1.Wukong")).toContain(
		"map<string, string> labels = 5",
	);
	const answer = await grpcurl("-d", '{"name":"vm-0"}', `${service}/GetWukong`);
	expect(JSON.parse(answer)).toMatchObject({ wukong: { name: "vm-0" } });
});

test("grpcurl reads the health", async () => {
	const answer = await grpcurl("-d", `{"service":"${service}"}`, "grpc.health.v1.Health/Check");
	expect(JSON.parse(answer)).toEqual({ status: "SERVING" });
	await expect(grpcurl("-d", '{"service":"other"}', "grpc.health.v1.Health/Check")).rejects.toThrow(
		/Code: NotFound/,
	);
});
