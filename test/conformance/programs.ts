import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { GoTools } from "../../scripts/go-tools.ts";
import { root } from "../../scripts/source-files.ts";

const cache = join(root, ".cache/conformance");

/** What `npm run conformance:build` builds. */
export const conformanceTools: GoTools = {
	moduleFolder: join(root, "test/conformance"),
	binFolder: join(cache, "bin"),
	programs: ["connectconformance", "h2spec", "protobuf-judge", "grpc-caller", "grpcurl"],
	sources: ["protobuf-judge/main.go", "grpc-caller/main.go"],
};

/** A Python that has grpcio, and what is in it. */
export const grpcioPython = {
	folder: join(cache, "python"),
	program: join(cache, "python/bin/python"),
	packages: ["grpcio==1.76.0", "grpcio-status==1.76.0"],
} as const;

/** Where it puts the suite's messages; test/conformance/server imports them. */
export const generatedFolder = join(cache, "gen");

/**
 * Runs one of the programs to its end and returns what it wrote. Its status is not judged: each
 * says what it found in what it writes.
 *
 * @throws where it cannot be started, as when it is not built.
 */
export async function outputOf(
	program: "connectconformance" | "h2spec",
	args: readonly string[],
): Promise<string> {
	const child = spawn(join(conformanceTools.binFolder, program), args, {
		// The runner gives a server seconds to start, and starts many: their code is compiled once.
		env: { ...process.env, NODE_COMPILE_CACHE: join(cache, "compiled") },
		stdio: ["ignore", "pipe", "pipe"],
	});
	const parts = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
	return parts[0] + parts[1];
}
