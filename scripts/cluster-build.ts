// Builds the API server and etcd that `npm run test:cluster` runs against, from the versions in
// test/cluster/go.mod. Minutes the first time, nothing while go.mod and go.sum stay as they are.
import { join } from "node:path";
import { binariesIn, builtFolder, givenFolder } from "../test/cluster/binaries.ts";
import { areBuilt, buildTools, type GoTools } from "./go-tools.ts";
import { root } from "./source-files.ts";

const needed = `Needed: Go 1.26 or newer on PATH, and a connection to fetch the modules; or
KUBEBUILDER_ASSETS naming a folder with etcd and kube-apiserver ("setup-envtest use -p path").`;

const clusterTools: GoTools = {
	moduleFolder: join(root, "test/cluster"),
	binFolder: builtFolder,
	programs: ["etcd", "kube-apiserver"],
	renamed: { server: "etcd" },
};

if (givenFolder !== undefined) {
	const found = binariesIn(givenFolder) !== undefined;
	if (found) {
		console.log(`cluster: etcd and kube-apiserver of ${givenFolder} are used`);
	} else {
		console.error(`cluster: ${givenFolder} lacks etcd or kube-apiserver`);
		console.error(needed);
		process.exitCode = 1;
	}
} else if (areBuilt(clusterTools)) {
	console.log("cluster: etcd and kube-apiserver are built");
} else {
	console.log("cluster: building etcd and kube-apiserver, about ten minutes the first time");
	try {
		buildTools(clusterTools);
		console.log("cluster: built");
	} catch (error) {
		// Go has said what is wrong, where there is a Go.
		console.error(error instanceof Error ? error.message : error);
		console.error(needed);
		process.exitCode = 1;
	}
}
