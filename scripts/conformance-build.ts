// Builds what `npm run test:conformance` runs, from the versions in test/conformance/go.mod: the
// Connect conformance runner, h2spec, protobuf-judge, grpc-caller and grpcurl, a minute the first
// time, nothing while go.mod, go.sum and the sources stay as they are; and a Python with grpcio. The suite's messages are generated each
// time, from the protos in the runner's own module: none of them is checked in.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conformanceTools, generatedFolder, grpcioPython } from "../test/conformance/programs.ts";
import { areBuilt, buildTools } from "./go-tools.ts";
import { root } from "./source-files.ts";

const needed = `Needed: Go 1.26 or newer on PATH, and a connection to fetch the modules. To install it:
  curl -fsSL https://go.dev/dl/go1.26.8.linux-amd64.tar.gz | sudo tar -C /usr/local -xz
  export PATH=/usr/local/go/bin:$PATH
And Python 3 with venv, for grpcio, and a connection to fetch it. To install it:
  sudo apt-get install -y python3-venv`;

function generate(): void {
	const module = execFileSync(
		"go",
		["list", "-m", "-f", "{{.Dir}}", "connectrpc.com/conformance"],
		{
			cwd: conformanceTools.moduleFolder,
			encoding: "utf8",
			stdio: ["ignore", "pipe", "inherit"],
		},
	).trim();
	const template = {
		version: "v2",
		clean: true,
		plugins: [
			{
				local: "protoc-gen-es",
				out: generatedFolder,
				opt: ["target=js+dts", "import_extension=js"],
			},
		],
	};
	execFileSync("buf", ["generate", join(module, "proto"), "--template", JSON.stringify(template)], {
		cwd: root,
		stdio: "inherit",
	});
}

function installGrpcio(): void {
	const { folder, program, packages } = grpcioPython;
	const installed = join(folder, "installed");
	if (existsSync(installed) && readFileSync(installed, "utf8") === packages.join(" ")) return;
	execFileSync("python3", ["-m", "venv", "--clear", folder], { stdio: "inherit" });
	const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
	execFileSync(program, [...install, ...packages], { stdio: "inherit" });
	writeFileSync(installed, packages.join(" "));
}

try {
	if (areBuilt(conformanceTools)) {
		console.log("conformance: the runner, h2spec, the judge and the callers are built");
	} else {
		console.log(
			"conformance: building the runner, h2spec, the judge and the callers, a minute the first time",
		);
		buildTools(conformanceTools);
	}
	installGrpcio();
	generate();
	console.log("conformance: the suite's messages are generated");
} catch (error) {
	// Go and buf have said what is wrong, where they are there.
	console.error(error instanceof Error ? error.message : error);
	console.error(needed);
	process.exitCode = 1;
}
