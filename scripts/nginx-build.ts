// Fetches nginx from Debian's packages for `npm run test:nginx`, into .cache: seconds the first
// time, nothing after that. The machine itself is left as it is.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nginxFolder, nginxProgram } from "../test/nginx/nginx.ts";
import { root } from "./source-files.ts";

const needed = `Needed: apt-get and dpkg of Debian or Ubuntu, and a connection to their packages; or
WUKONG_TEST_NGINX naming an nginx program.`;

function fetchNginx(): void {
	const cache = join(root, ".cache");
	mkdirSync(cache, { recursive: true });
	const fresh = mkdtempSync(join(cache, "nginx-"));
	try {
		execFileSync("apt-get", ["download", "nginx"], { cwd: fresh, stdio: ["ignore", 2, 2] });
		const [archive] = readdirSync(fresh).filter((name) => name.endsWith(".deb"));
		if (archive === undefined) throw new Error("apt-get has left no package");
		execFileSync("dpkg", ["--extract", archive, "."], { cwd: fresh, stdio: ["ignore", 2, 2] });
		rmSync(nginxFolder, { recursive: true, force: true });
		renameSync(fresh, nginxFolder);
	} finally {
		rmSync(fresh, { recursive: true, force: true });
	}
}

try {
	if (!existsSync(nginxProgram)) fetchNginx();
	execFileSync(nginxProgram, ["-v"], { stdio: "inherit" });
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	console.error(needed);
	process.exitCode = 1;
}
