import { nodeVersionFault } from "./config/node-version.ts";

// Judged before anything else is imported: on an old Node the imports themselves fail, with a
// stack trace. Only what any Node with modules understands stands here and in that file.
const versionFault = nodeVersionFault(process.versions.node);
if (versionFault === undefined) {
	const { runProcess } = await import("./process.ts");
	await runProcess();
} else {
	process.stderr.write(`wukong-server: ${versionFault}\n`);
	process.exitCode = 2;
}
