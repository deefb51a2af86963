import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPythonEnvironment } from "../../../scripts/python-environment.ts";
import { root } from "../../../scripts/source-files.ts";

/** What became of a peer that is installed for the benchmark alone, or why it is not here. */
export type InstalledPeer =
	| { readonly command: readonly string[]; readonly version: string }
	| { readonly missing: string };

type Step = readonly [command: string, ...args: string[]];

/** Installs what Express needs beside its program: once, in seconds. */
export function installExpress(): InstalledPeer {
	const folder = join(root, "test/bench/express");
	const failed = installOnce(join(folder, "package-lock.json"), {
		mark: join(folder, "node_modules/.installed"),
		steps: [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder]],
	});
	if (failed !== undefined) return { missing: failed };
	return { command: [join(folder, "server.js")], version: "Express 5" };
}

/** Installs FastAPI into an environment under .cache: once, in seconds. Needs Python 3 with venv. */
export function installFastApi(): InstalledPeer {
	const folder = join(root, "test/bench/python");
	const environment = join(root, ".cache/bench/python");
	let python: string;
	try {
		python = createPythonEnvironment(environment, join(folder, "requirements.txt"));
	} catch (error) {
		return { missing: (error as Error).message };
	}
	const { stdout } = spawnSync(python, ["--version"], { encoding: "utf8" });
	return { command: [python, join(folder, "fastapi_server.py")], version: stdout.trim() };
}

/**
 * @param pins file that says what is to be installed
 * @param mark file that is a copy of it once that is done, so that half an installation is none
 * @returns the step that failed
 */
function installOnce(
	pins: string,
	{ mark, steps }: { readonly mark: string; readonly steps: readonly Step[] },
): string | undefined {
	const wanted = readFileSync(pins, "utf8");
	if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return undefined;
	for (const [command, ...args] of steps) {
		const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
		if (status !== 0) return `"${command} ${args.join(" ")}" failed`;
	}
	writeFileSync(mark, wanted);
	return undefined;
}
