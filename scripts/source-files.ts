import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Lists the files that git knows or would add, so that neither node_modules nor
 * a build is looked at.
 * @param patterns git pathspecs, as in `*.ts`
 * @returns paths from the root, with forward slashes
 */
export function sourceFiles(...patterns: string[]): string[] {
	const listing = execFileSync(
		"git",
		["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...patterns],
		{ cwd: root, encoding: "utf8" },
	);
	// A file deleted but not yet committed is still listed.
	const deleted = execFileSync("git", ["ls-files", "-z", "--deleted", "--", ...patterns], {
		cwd: root,
		encoding: "utf8",
	});
	const gone = new Set(deleted.split("\0"));
	return listing.split("\0").filter((file) => file !== "" && !gone.has(file));
}
