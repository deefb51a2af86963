import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Programs that the `tool` lines of a Go module name, and its go.mod and go.sum pin. */
export interface GoTools {
	/** Folder of go.mod. */
	readonly moduleFolder: string;
	/** Where the programs go; replaced as a whole. */
	readonly binFolder: string;
	/** Names of the programs. */
	readonly programs: readonly string[];
	/** Files of the module's own programs, from its folder. */
	readonly sources?: readonly string[];
	/** Names that Go gives (after the package's folder) where they differ: from, to. */
	readonly renamed?: Readonly<Record<string, string>>;
}

/** Whether all of them are there, and newer than what pins them. */
export function areBuilt({ moduleFolder, binFolder, programs, sources = [] }: GoTools): boolean {
	const files = programs.map((program) => join(binFolder, program));
	if (!files.every(existsSync)) return false;
	const changedMs = (file: string) => statSync(file).mtimeMs;
	const pins = ["go.mod", "go.sum", ...sources].map((file) => changedMs(join(moduleFolder, file)));
	return Math.min(...files.map(changedMs)) > Math.max(...pins);
}

/**
 * Builds them beside their place and moves them there, so that a build cut short leaves no half file.
 * @throws where there is no Go, or it fails: it has said why.
 */
export function buildTools({ moduleFolder, binFolder, renamed = {} }: GoTools): void {
	mkdirSync(dirname(binFolder), { recursive: true });
	const folder = mkdtempSync(join(dirname(binFolder), "build-"));
	try {
		execFileSync("go", ["build", "-trimpath", "-ldflags=-s", "-o", folder, "tool"], {
			cwd: moduleFolder,
			env: { ...process.env, CGO_ENABLED: "0" },
			stdio: "inherit",
		});
		for (const [from, to] of Object.entries(renamed)) {
			renameSync(join(folder, from), join(folder, to));
		}
		rmSync(binFolder, { recursive: true, force: true });
		renameSync(folder, binFolder);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
