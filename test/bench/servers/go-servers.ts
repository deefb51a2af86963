import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/source-files.ts";

const source = join(root, "test/bench/go");
/** Of this repository's packages: it need not be on PATH. */
const buf = join(root, "node_modules/.bin/buf");
/** Sources and generated code; the compiler wants them in one module. */
const module = join(root, ".cache/bench/go");
const program = join(root, ".cache/bench/go-servers");

/** What became of the Go servers: a program, or why there is none. */
export type GoServers =
	| { readonly program: string; readonly version: string }
	| { readonly missing: string };

/**
 * Builds the Go servers of test/bench/go: minutes the first time, seconds when Go's cache has
 * them. Needs Go on PATH and, the first time, a way to the module proxy.
 */
export function buildGoServers(): GoServers {
	const found = spawnSync("go", ["version"], { encoding: "utf8" });
	if (found.status !== 0) return { missing: "no Go on PATH" };
	mkdirSync(module, { recursive: true });
	const steps: readonly (readonly string[])[] = [
		// First, because it empties the folder.
		[buf, "generate", "--template", "test/bench/go/buf.gen.yaml"],
		["go", "-C", module, "build", "-trimpath", "-o", program, "."],
	];
	for (const [step, [command = "", ...args]] of steps.entries()) {
		if (step > 0) copySources();
		const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
		if (status !== 0) return { missing: `"${command} ${args.join(" ")}" failed` };
	}
	return { program, version: found.stdout.trim().split(" ")[2] ?? "" };
}

function copySources(): void {
	for (const name of readdirSync(source)) {
		if (/^go\.(?:mod|sum)$|\.go$/.test(name)) cpSync(join(source, name), join(module, name));
	}
}
