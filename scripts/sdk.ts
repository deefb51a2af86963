// Builds the clients of other languages from the contract, into .cache/sdk: a Go module with mocks, a
// Python package with a fake, the TypeScript package. Needs Go, and Python 3 with venv.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clearExtension, fromBinary, hasExtension, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import * as validate from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { http } from "@novasphere/wukong-gen/annotations";
import { createPythonEnvironment } from "./python-environment.ts";
import { root } from "./source-files.ts";

const sources = join(root, "scripts/sdk");
const out = join(root, ".cache/sdk");

function run(command: string, args: readonly string[], cwd: string = root): void {
	try {
		execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
	} catch (error) {
		const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
		console.error(
			isMissing
				? `sdk: ${command} is missing; on Debian: apt-get install golang python3-venv nodejs`
				: `sdk: "${command} ${args.join(" ")}" failed`,
		);
		process.exit(1);
	}
}

mkdirSync(out, { recursive: true });
buildGo(join(out, "go"));
buildPython(join(out, "python"), join(out, "python-environment"));
buildTypeScript(join(out, "typescript"));

function buildGo(folder: string): void {
	run("buf", ["generate", "--template", "buf.gen.sdk.yaml"]);
	cpSync(join(sources, "go"), folder, { recursive: true });
	const api = join(folder, "api/proto");
	const mockgen = ["-C", join(sources, "go-tools"), "tool", "mockgen"];
	const stubs = `-source=${join(api, "wukong_service_grpc.pb.go")}`;
	run("go", [...mockgen, stubs, "-package=mock", `-destination=${join(api, "mock/mock.go")}`]);
	run("go", ["vet", "./..."], folder);
	console.log(`sdk: Go module in ${folder}`);
}

function buildPython(folder: string, environment: string): void {
	const python = createPythonEnvironment(environment, join(sources, "python/requirements.txt"));
	// Judges of the description that all clients over plain HTTP are made from.
	createPythonEnvironment(
		join(out, "openapi-environment"),
		join(root, "test/sdk/openapi/requirements.txt"),
	);
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const image = join(out, "contract.binpb");
	writeFileSync(image, toBinary(FileDescriptorSetSchema, readBareContract()));
	const files = ["wukong", "wukong_service", "access_service", "error"].map(
		(name) => `novasphere/v1/${name}.proto`,
	);
	run(python, [
		...["-m", "grpc_tools.protoc", `--descriptor_set_in=${image}`, `--python_out=${folder}`],
		...[`--pyi_out=${folder}`, `--grpc_python_out=${folder}`, ...files],
	]);
	cpSync(join(sources, "python"), folder, { recursive: true });
	for (const place of ["novasphere", "novasphere/v1"]) {
		writeFileSync(join(folder, place, "__init__.py"), "");
	}
	writeFileSync(join(folder, "novasphere/py.typed"), "");
	const wheels = join(folder, "dist");
	const pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"];
	run(python, [...pip, "wheel", "--no-deps", "-w", wheels, folder]);
	const [wheel = ""] = readdirSync(wheels);
	run(python, [...pip, "install", "--force-reinstall", "--no-deps", join(wheels, wheel)]);
	console.log(`sdk: Python package in ${wheels}`);
}

function buildTypeScript(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	run("npm", ["run", "--silent", "build", "--workspace", "web-client"]);
	run("npm", ["pack", "--silent", "--workspace", "web-client", "--pack-destination", folder]);
	console.log(`sdk: TypeScript package in ${folder}`);
}

/** Reads the contract without field rules and HTTP rules: a client judges no fields and routes no paths. */
function readBareContract(): FileDescriptorSet {
	const args = ["build", "--path", "proto/novasphere", "-o", "-#format=binpb"];
	const bytes = execFileSync("buf", args, { cwd: root, maxBuffer: 16 * 1024 * 1024 });
	const set = fromBinary(FileDescriptorSetSchema, bytes);
	const isForeign = (name: string) => /^(?:buf\/validate|google\/api)\//.test(name);
	set.file = set.file.filter(({ name }) => !isForeign(name));
	for (const file of set.file) {
		file.dependency = file.dependency.filter((name) => !isForeign(name));
		for (const { options } of file.messageType.flatMap(({ field }) => field)) {
			if (options && hasExtension(options, validate.field)) clearExtension(options, validate.field);
		}
		for (const { options } of file.service.flatMap(({ method }) => method)) {
			if (options && hasExtension(options, http)) clearExtension(options, http);
		}
	}
	return set;
}
