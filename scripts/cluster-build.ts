// Builds the API server and etcd that `npm run test:cluster` runs against, from the versions in
// test/cluster/go.mod. Minutes the first time, nothing while go.mod and go.sum stay as they are.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { binariesIn, builtFolder, givenFolder } from "../test/cluster/binaries.ts";
import { root } from "./source-files.ts";

const needed = `Needed: Go 1.26 or newer on PATH, and a connection to fetch the modules; or
KUBEBUILDER_ASSETS naming a folder with etcd and kube-apiserver ("setup-envtest use -p path").`;
const moduleFolder = join(root, "test/cluster");

function isBuilt(): boolean {
	const binaries = binariesIn(builtFolder);
	if (binaries === undefined) return false;
	const changedMs = (file: string) => statSync(file).mtimeMs;
	const sources = ["go.mod", "go.sum"].map((file) => changedMs(join(moduleFolder, file)));
	return Math.min(...Object.values(binaries).map(changedMs)) > Math.max(...sources);
}

/** Builds beside the place and moves it there, so that a build cut short leaves no half file. */
function build(): void {
	mkdirSync(dirname(builtFolder), { recursive: true });
	const folder = mkdtempSync(join(dirname(builtFolder), "build-"));
	try {
		execFileSync("go", ["build", "-trimpath", "-ldflags=-s", "-o", folder, "tool"], {
			cwd: moduleFolder,
			env: { ...process.env, CGO_ENABLED: "0" },
			stdio: "inherit",
		});
		// Go names a program after its package's folder.
		renameSync(join(folder, "server"), join(folder, "etcd"));
		rmSync(builtFolder, { recursive: true, force: true });
		renameSync(folder, builtFolder);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

if (givenFolder !== undefined) {
	const found = binariesIn(givenFolder) !== undefined;
	if (found) {
		console.log(`cluster: etcd and kube-apiserver of ${givenFolder} are used`);
	} else {
		console.error(`cluster: ${givenFolder} lacks etcd or kube-apiserver`);
		console.error(needed);
		process.exitCode = 1;
	}
} else if (isBuilt()) {
	console.log("cluster: etcd and kube-apiserver are built");
} else {
	console.log("cluster: building etcd and kube-apiserver, about ten minutes the first time");
	try {
		build();
		console.log("cluster: built");
	} catch (error) {
		// Go has said what is wrong, where there is a Go.
		console.error(error instanceof Error ? error.message : error);
		console.error(needed);
		process.exitCode = 1;
	}
}
