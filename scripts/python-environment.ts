import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Installs what a requirements file pins into a Python environment of its own, once.
 * @returns the path of its interpreter
 * @throws where there is no Python 3 with venv, or pip fails: it has said why
 */
export function createPythonEnvironment(folder: string, requirements: string): string {
	const python = join(folder, "bin/python");
	// A copy of the pins, written last: half an installation is none.
	const mark = join(folder, "installed.txt");
	const wanted = readFileSync(requirements, "utf8");
	if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return python;
	const run = (command: string, ...args: string[]) =>
		execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
	try {
		run("python3", "-m", "venv", "--clear", folder);
	} catch (cause) {
		const message = "Python 3 with venv is missing; on Debian: apt-get install python3-venv";
		throw new Error(message, { cause });
	}
	run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements);
	writeFileSync(mark, wanted);
	return python;
}
